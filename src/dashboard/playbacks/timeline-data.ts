import { useEffect, useMemo, useState } from 'react';
import { query } from '../api/client.ts';
import { type Playback, playbacks } from '../api/entities.ts';
import { freshness } from '../api/live.ts';
import { useCalmly, useObservable } from '../api/observable.ts';
import { newestFirst } from '../api/running.ts';
import { type PlaybackFilter, PlaybacksByCursorDocument } from '../gql/graphql.ts';
import { matches } from './filters.ts';

/** More than these are not drawn; the list has them all. */
const mostDrawn = 3_000;

export interface TimelineData {
  /** Oldest first. */
  readonly playbacks: readonly Playback[];
  readonly loaded: boolean;
  readonly truncated: boolean;
}

/**
 * All playbacks that match and whose event lies in a stretch; what is pushed comes in by itself.
 * @param filter with the bounds of the stretch
 */
export function useTimelineData(filter: PlaybackFilter): TimelineData {
  const all = useCalmly(playbacks);
  const fresh = useObservable(freshness);
  const [answered, setAnswered] = useState<{ filter?: PlaybackFilter; truncated: boolean }>({
    truncated: false,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: asks again whenever something may have been missed
  useEffect(() => {
    let left = false;
    loadStretch(filter, () => left).then(
      (complete) => !left && setAnswered({ filter, truncated: !complete }),
      // The list says what is wrong.
      () => !left && setAnswered({ filter, truncated: false }),
    );
    return () => {
      left = true;
    };
  }, [filter, fresh]);
  const drawn = useMemo(
    () => [...all.values()].filter((it) => matches(filter, it)).sort((a, b) => newestFirst(b, a)),
    [all, filter],
  );
  return { playbacks: drawn, loaded: answered.filter !== undefined, truncated: answered.truncated };
}

/** @returns whether all of it was read */
async function loadStretch(filter: PlaybackFilter, isLeft: () => boolean): Promise<boolean> {
  let after: string | null = null;
  for (let read = 0; read < mostDrawn && !isLeft(); read += 100) {
    const page: Awaited<ReturnType<typeof readPage>> = await readPage(filter, after);
    if (!page.hasNextPage || !page.endCursor) return true;
    after = page.endCursor;
  }
  return false;
}

async function readPage(filter: PlaybackFilter, after: string | null) {
  const { playbackConnection } = await query(PlaybacksByCursorDocument, { filter, first: 100, after });
  return playbackConnection.pageInfo;
}
