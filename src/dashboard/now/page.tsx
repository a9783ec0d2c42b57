import { useEffect, useState } from 'react';
import { query } from '../api/client.ts';
import { camerasLoaded, type Playback, playbacks, useCameras } from '../api/entities.ts';
import { freshness } from '../api/live.ts';
import { useObservable } from '../api/observable.ts';
import { isRunning, newestFirst } from '../api/running.ts';
import { useMay } from '../api/session.ts';
import { PlaybacksByCursorDocument } from '../gql/graphql.ts';
import { ButtonLink } from '../parts/button.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { useNow } from '../parts/time.tsx';
import { useHeldOrder, useNear } from './held-order.ts';
import css from './page.module.css';
import { RunningCard } from './running-card.tsx';
import { Trigger } from './trigger.tsx';

/** How long a finished playback stays visible, so that the user sees it finish. */
const lingerMs = 3 * 60_000;

/** The recordings that run or are being finished now, with controls to start and stop recordings. */
export function NowPage() {
  const known = useObservable(playbacks);
  const all = [...known.values()].sort(newestFirst);
  const cameras = useCameras();
  const now = useNow(5_000);
  const mayReport = useMay('report');
  const loaded = useNewest();
  const running = all.filter(isRunning);
  const finished = all.filter((it) => !isRunning(it) && now - Date.parse(it.updatedAt) < lingerMs);
  const { near, handlers } = useNear();
  const order = useHeldOrder(near, { running, finished }, known);
  return (
    <Page title="Now" count={running.length > 0 ? `${running.length} running` : undefined}>
      {loaded && (
        <div className={css.columns}>
          <div className={css.lists} {...handlers}>
            {order.running.length + order.added.length === 0 && (
              <NothingRuns hasCameras={cameras.length > 0} />
            )}
            <CardList label="Running" playbacks={order.running} />
            <CardList label="Just finished" playbacks={order.finished} />
            <CardList label="Just begun" playbacks={order.added} />
          </div>
          {mayReport && cameras.length > 0 && <Trigger cameras={cameras} />}
        </div>
      )}
    </Page>
  );
}

function NothingRuns({ hasCameras }: { hasCameras: boolean }) {
  const [mayReport, mayManage] = [useMay('report'), useMay('manage')];
  if (!hasCameras) {
    return (
      <Empty
        title="Nothing is being recorded"
        action={mayManage && <ButtonLink to="/cameras/new">Add a camera</ButtonLink>}
      >
        There is no camera yet.
      </Empty>
    );
  }
  return (
    <Empty
      title="Nothing is being recorded"
      action={<ButtonLink to="/playbacks">What was recorded</ButtonLink>}
    >
      An event appears here by itself as soon as it is reported.
      {mayReport && ' You can start a test event on this page.'}
    </Empty>
  );
}

function CardList({ label, playbacks }: { label: string; playbacks: readonly Playback[] }) {
  if (playbacks.length === 0) return null;
  return (
    <section aria-label={label}>
      <h2 className={css.heading}>{label}</h2>
      <ul className={css.list}>
        {playbacks.map((playback) => (
          <li key={playback.id}>
            <RunningCard playback={playback} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/**
 * Running recordings come from the subscription; recordings that have just ended are queried.
 * @returns whether the query was answered
 */
function useNewest(): boolean {
  const fresh = useObservable(freshness);
  const [answered, setAnswered] = useState(false);
  const hasCameras = useObservable(camerasLoaded);
  // biome-ignore lint/correctness/useExhaustiveDependencies: queries again whenever a push may have been missed
  useEffect(() => {
    const finish = () => setAnswered(true);
    // A failure shows as a lost connection. The query is repeated when the connection is back.
    query(PlaybacksByCursorDocument, { first: 20 }).then(finish, finish);
  }, [fresh]);
  return answered && hasCameras;
}
