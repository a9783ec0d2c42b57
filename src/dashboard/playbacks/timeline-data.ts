import { useEffect, useMemo, useState } from 'react';
import { query } from '../api/client.ts';
import { type Playback, playbacks } from '../api/entities.ts';
import { freshness } from '../api/live.ts';
import { useCalmly, useObservable } from '../api/observable.ts';
import { newestFirst } from '../api/running.ts';
import { type PlaybackFilter, PlaybacksByCursorDocument } from '../gql/graphql.ts';
import { matches } from './filters.ts';

/** No more than this many playbacks are drawn; the list has all of them. */
const mostDrawn = 3_000;

export interface TimelineData {
  /** Oldest first. */
  readonly playbacks: readonly Playback[];
  readonly loaded: boolean;
  readonly truncated: boolean;
}

/**
 * All matching playbacks whose event lies in a range. Pushed playbacks are included.
 * @param filter with the bounds of the range
 */
export function useTimelineData(filter: PlaybackFilter): TimelineData {
  const all = useCalmly(playbacks);
  const fresh = useObservable(freshness);
  const [answered, setAnswered] = useState<Stretch>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: queries again whenever a push may have been missed
  useEffect(() => {
    let left = false;
    loadStretch(filter, () => left).then(
      (stretch) => !left && setAnswered(stretch),
      // The list shows the error.
      () => !left && setAnswered({ ids: new Set(), isComplete: true }),
    );
    return () => {
      left = true;
    };
  }, [filter, fresh]);
  const drawn = useMemo(
    () =>
      [...all.values()]
        .filter((it) => matches(filter, it) && (!filter.search || answered?.ids.has(it.id)))
        .sort((a, b) => newestFirst(b, a)),
    [all, filter, answered],
  );
  return {
    playbacks: drawn,
    loaded: answered !== undefined,
    truncated: answered !== undefined && !answered.isComplete,
  };
}

/** The ids in the answers. */
interface Stretch {
  readonly ids: ReadonlySet<string>;
  readonly isComplete: boolean;
}

async function loadStretch(filter: PlaybackFilter, isLeft: () => boolean): Promise<Stretch> {
  const ids = new Set<string>();
  let after: string | null = null;
  while (ids.size < mostDrawn && !isLeft()) {
    const page: Awaited<ReturnType<typeof readPage>> = await readPage(filter, after);
    for (const { id } of page.nodes) ids.add(id);
    const { hasNextPage, endCursor } = page.pageInfo;
    if (!hasNextPage || !endCursor) return { ids, isComplete: true };
    after = endCursor;
  }
  return { ids, isComplete: false };
}

async function readPage(filter: PlaybackFilter, after: string | null) {
  const { playbackConnection } = await query(PlaybacksByCursorDocument, { filter, first: 100, after });
  return playbackConnection;
}
