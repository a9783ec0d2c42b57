import {
  CameraStatesDocument,
  OffsiteDocument,
  PlaybackDetailsDocument,
  PlaybacksByCursorDocument,
  TransitionsDocument,
  type TypedDocumentString,
} from '../gql/graphql.ts';
import { dropAhead } from './ahead-answers.ts';
import { loadCameras } from './cameras.ts';
import { query } from './client.ts';
import { connection, sockets } from './connection.ts';
import { camerasLoaded, learn, type Playback, playbacks } from './entities.ts';
import { newestFew } from './first-queries.ts';
import { observable } from './observable.ts';
import { isRunning } from './running.ts';
import { listenToTabs } from './tabs.ts';

/** Counts the times at which all shown data must be queried again, because a push may have been missed. */
export const freshness = observable(0);
/** The playback that began last, as it was pushed. */
export const begun = observable<Playback | undefined>(undefined);
const askAnew = () => freshness.set(freshness.get() + 1);

/**
 * Follows everything that the API pushes while the page is open. Transitions are resumed by cursor, so those that
 * happened while the connection was down also arrive, in order.
 */
export function followEverything(): () => void {
  let cursor: string | undefined;
  const stopTransitions = follow(
    TransitionsDocument,
    // A function, because graphql-ws sends the operation again after a reconnect, and reads the variables then.
    () => ({ after: cursor }),
    (data) => {
      cursor = data.playbackStatusChanged.cursor;
      learn(data);
      const { from, playback } = data.playbackStatusChanged;
      if (from === null) begun.set(playback);
    },
    (code) => {
      if (code === 'CURSOR_EXPIRED') cursor = undefined;
      askAnew();
    },
  );
  const stopCameras = follow(
    CameraStatesDocument,
    () => ({}),
    learn,
    () => {},
  );
  const stopOffsite = follow(
    OffsiteDocument,
    () => ({}),
    learn,
    () => {},
  );
  // A failure shows as a lost connection. The list is queried again when the connection is back.
  const refreshCameras = () => void loadCameras().catch(() => {});
  const stopTabs = listenToTabs({ camera: refreshCameras, playback: refreshPlayback });
  let wasLost = false;
  let recheck: number | undefined;
  const stopConnection = connection.subscribe(() => {
    const { state } = connection.get();
    if (state === 'lost') wasLost = true;
    else if (state === 'open' && wasLost) askAnew();
    else if (state === 'open') recheck = window.setTimeout(askForMissed, recheckMs);
  });
  const stopFresh = freshness.subscribe(refreshCameras);
  if (!camerasLoaded.get()) refreshCameras();
  const onSeenAgain = () => document.visibilityState === 'visible' && askAnew();
  document.addEventListener('visibilitychange', onSeenAgain);
  return () => {
    for (const stop of [stopTransitions, stopCameras, stopOffsite, stopTabs, stopConnection, stopFresh])
      stop();
    document.removeEventListener('visibilitychange', onSeenAgain);
    clearTimeout(recheck);
  };
}

const recheckMs = 1_000;

/**
 * The first answers may be older than the subscription, which begins with the playbacks that run at that time. A
 * playback that those answers show as running may have ended in between, and another one may have begun and ended.
 */
function askForMissed(): void {
  const running = [...playbacks.get().values()].filter(isRunning);
  for (const { id } of running) refreshPlayback(id);
  void query(PlaybacksByCursorDocument, newestFew).catch(() => {}); // shows as a lost connection
}

// Without an answer, the playback is queried again with the next change.
const refreshPlayback = (id: string) => void query(PlaybackDetailsDocument, { id }).catch(() => {});

const againMs = 1_000;

/** A subscription that is started again whenever the server ends it. @param onEnd gets the error's code, if any */
function follow<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: () => Record<string, unknown>,
  onData: (data: Data) => void,
  onEnd: (code: string | undefined) => void,
): () => void {
  let stopped = false;
  let timer: number | undefined;
  let unsubscribe = () => {};
  const begin = () => {
    let code: string | undefined;
    const again = () => {
      if (stopped) return;
      onEnd(code);
      timer = window.setTimeout(begin, againMs);
    };
    const operation = {
      query: document.toString().trim(),
      get variables() {
        return variables();
      },
    };
    unsubscribe = sockets.subscribe<Data>(operation, {
      next: ({ data, errors }) => {
        code = errors?.[0]?.extensions?.['code'] as string | undefined;
        if (!data) return;
        dropAhead();
        onData(data);
      },
      error: again,
      complete: again,
    });
  };
  begin();
  return () => {
    stopped = true;
    clearTimeout(timer);
    unsubscribe();
  };
}
