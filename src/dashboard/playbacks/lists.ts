import { startTransition, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { query } from '../api/client.ts';
import { forgetPlaybacks, type Playback, playbacks } from '../api/entities.ts';
import { freshness } from '../api/live.ts';
import { useCalmly, useObservable } from '../api/observable.ts';
import { type PlaybackFilter, PlaybacksByCursorDocument, PlaybacksByNumberDocument } from '../gql/graphql.ts';
import { newestFirst } from '../now/running.ts';
import { matches } from './filters.ts';

/** The largest page that the API gives. */
const pageSize = 100;

type Place = Pick<Playback, 'startedAt' | 'id'>;

export interface EndlessList {
  readonly items: readonly Playback[];
  readonly complete: boolean;
  readonly problem: string | undefined;
  readonly loadMore: () => void;
}

/**
 * The playbacks that match, newest first, from now back to where they have been asked for. The list is what
 * entities.ts holds of that stretch, so that what is pushed stands in its place by itself.
 */
export function useEndless(filter: PlaybackFilter): EndlessList {
  const all = useCalmly(playbacks);
  const fresh = useObservable(freshness);
  const [state, setState] = useState<{ end?: string; oldest?: Place; complete: boolean; problem?: string }>({
    complete: false,
  });
  const run = useRef(0);
  const busy = useRef(false);

  const load = useCallback(
    async (after: string | undefined, newest: Place | undefined) => {
      const mine = run.current;
      busy.current = true;
      try {
        const page = await loadPage(filter, after, newest);
        if (mine === run.current) startTransition(() => setState(page));
      } catch (error) {
        if (mine === run.current) setState((before) => ({ ...before, problem: (error as Error).message }));
      } finally {
        if (mine === run.current) busy.current = false;
      }
    },
    [filter],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: begins anew whenever something may have been missed
  useEffect(() => {
    run.current++;
    void load(undefined, undefined);
  }, [load, fresh]);

  const { end, oldest, complete, problem } = state;
  const items = useMemo(() => {
    const inReach = (it: Playback) => complete || (oldest !== undefined && !isOlder(it, oldest));
    return [...all.values()].filter((it) => inReach(it) && matches(filter, it)).sort(newestFirst);
  }, [all, filter, oldest, complete]);
  const loadMore = useCallback(() => {
    if (!busy.current && !complete && end) void load(end, oldest);
  }, [load, complete, end, oldest]);
  return { items, complete, problem, loadMore };
}

/** One page by cursor. What is known of its stretch but is not in it any more has been deleted. */
async function loadPage(filter: PlaybackFilter, after: string | undefined, newest: Place | undefined) {
  const known = [...playbacks.get().values()].filter((it) => matches(filter, it));
  const variables = { filter, first: pageSize, after: after ?? null };
  const { nodes, pageInfo } = (await query(PlaybacksByCursorDocument, variables)).playbackConnection;
  const present = new Set(nodes.map(({ id }) => id));
  const last = nodes.at(-1);
  const gone = known.filter(
    (it) =>
      !present.has(it.id) &&
      (newest === undefined || isOlder(it, newest)) &&
      (!pageInfo.hasNextPage || (last !== undefined && !isOlder(it, last))) &&
      // Its status may have changed since, so that it is elsewhere now.
      matches(filter, playbacks.get().get(it.id) ?? it),
  );
  forgetPlaybacks(gone.map(({ id }) => id));
  return {
    complete: !pageInfo.hasNextPage,
    ...(pageInfo.endCursor && { end: pageInfo.endCursor }),
    ...(last && { oldest: { id: last.id, startedAt: last.startedAt } }),
  };
}

const isOlder = (it: Place, than: Place): boolean =>
  it.startedAt < than.startedAt || (it.startedAt === than.startedAt && it.id < than.id);

export interface NumberedList {
  readonly items: readonly Playback[];
  readonly totalPages: number;
  readonly total: number | undefined;
  readonly problem: string | undefined;
}

export const numberedPageSize = 40;

/** One numbered page. It is asked for again when a playback that is not on it appears or changes. */
export function useNumbered(filter: PlaybackFilter, page: number): NumberedList {
  const all = useObservable(playbacks);
  const fresh = useObservable(freshness);
  const [answer, setAnswer] = useState<{ ids: string[]; total: number; totalPages: number }>();
  const [problem, setProblem] = useState<string>();
  const matching = useMemo(
    () =>
      [...all.values()]
        .filter((it) => matches(filter, it))
        .map(({ id }) => id)
        .sort()
        .join(),
    [all, filter],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: asks again whenever the page may have changed
  useEffect(() => {
    let overtaken = false;
    query(PlaybacksByNumberDocument, { filter, page, pageSize: numberedPageSize }).then(
      ({ playbacks: { items, total, totalPages } }) => {
        if (overtaken) return;
        setAnswer({ ids: items.map(({ id }) => id), total, totalPages });
        setProblem(undefined);
      },
      (error: Error) => !overtaken && setProblem(error.message),
    );
    return () => {
      overtaken = true;
    };
  }, [filter, page, fresh, matching]);
  const items = (answer?.ids ?? []).map((id) => all.get(id)).filter((it) => it !== undefined);
  return { items, totalPages: answer?.totalPages ?? 1, total: answer?.total, problem };
}
