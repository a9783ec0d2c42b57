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
  const [state, setState] = useState<Reach>({ filter, complete: false });
  const run = useRef(0);
  const busy = useRef(false);

  const load = useCallback(
    async (after: string | undefined, newest: Place | undefined) => {
      const mine = run.current;
      busy.current = true;
      try {
        const page = await loadPage(filter, after, newest);
        if (mine !== run.current) return;
        startTransition(() =>
          setState((before) => (after ? { ...page, newest: before.newest } : joined(before, page))),
        );
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

/** How far back a list has been asked for. */
interface Reach {
  readonly filter: PlaybackFilter;
  /** The first of its first page. */
  readonly newest?: Place | undefined;
  readonly oldest?: Place | undefined;
  readonly end?: string | undefined;
  readonly complete: boolean;
  readonly problem?: string;
}

/** The first page, asked for again: what was scrolled through stays where no hole is left between the two. */
function joined(before: Reach, first: Reach): Reach {
  const { newest, oldest } = before;
  const goesOn =
    before.filter === first.filter &&
    newest &&
    oldest &&
    first.oldest &&
    !isOlder(newest, first.oldest) &&
    isOlder(oldest, first.oldest);
  if (!goesOn) return first;
  const { filter, end, complete } = before;
  return { filter, newest: first.newest, oldest, end, complete };
}

/**
 * One page by cursor. What is known of its stretch but is not in it any more has been deleted; not where the list is
 * of a status, since the answer may be newer than what was pushed so far.
 */
async function loadPage(
  filter: PlaybackFilter,
  after: string | undefined,
  newest: Place | undefined,
): Promise<Reach> {
  const known = filter.recordingStatus
    ? []
    : [...playbacks.get().values()].filter((it) => matches(filter, it));
  const variables = { filter, first: pageSize, after: after ?? null };
  const { nodes, pageInfo } = (await query(PlaybacksByCursorDocument, variables)).playbackConnection;
  const present = new Set(nodes.map(({ id }) => id));
  const [first, last] = [nodes[0], nodes.at(-1)];
  const gone = known.filter(
    (it) =>
      !present.has(it.id) &&
      (newest === undefined || isOlder(it, newest)) &&
      (!pageInfo.hasNextPage || (last !== undefined && !isOlder(it, last))),
  );
  forgetPlaybacks(gone.map(({ id }) => id));
  return {
    filter,
    newest: first && placeOf(first),
    oldest: last && placeOf(last),
    end: pageInfo.endCursor ?? undefined,
    complete: !pageInfo.hasNextPage,
  };
}

const placeOf = ({ startedAt, id }: Place): Place => ({ startedAt, id });

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
