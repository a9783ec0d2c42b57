import { startTransition, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { dataAhead } from '../api/ahead-answers.ts';
import { query } from '../api/client.ts';
import { forgetPlaybacks, type Playback, playbacks } from '../api/entities.ts';
import { pageOf } from '../api/first-queries.ts';
import { freshness } from '../api/live.ts';
import { useCalmly, useObservable } from '../api/observable.ts';
import { newestFirst } from '../api/running.ts';
import { type Session, session } from '../api/session.ts';
import {
  type PlaybackFilter,
  PlaybacksByCursorDocument,
  type PlaybacksByCursorQuery,
} from '../gql/graphql.ts';
import { matches } from './filters.ts';

/** Where a playback stands in the list. */
type Position = Pick<Playback, 'startedAt' | 'id'>;

export interface EndlessList {
  readonly items: readonly Playback[];
  /** How many playbacks have arrived that are not in `items` yet: the list must not shift while somebody reads it. */
  readonly newCount: number;
  readonly showNew: () => void;
  /** Whether all matching playbacks are in `items` or new. */
  readonly complete: boolean;
  /** Why a page cannot be loaded. */
  readonly problem: unknown;
  readonly loadMore: () => void;
}

/**
 * The matching playbacks, newest first, from now back to the oldest page that was loaded. The list holds the ids of the
 * answers and takes the newest version of each playback from entities.ts. A user who returns to a list finds it
 * unchanged.
 */
export function useEndless(filter: PlaybackFilter): EndlessList {
  const all = useCalmly(playbacks);
  const fresh = useObservable(freshness);
  const [state, setState] = useReach(filter);
  const run = useRef(0);
  const busy = useRef(false);

  const load = useCallback(
    async (after: string | undefined, newest: Position | undefined) => {
      const mine = run.current;
      busy.current = true;
      try {
        const page = await loadPage(filter, after, newest);
        if (mine !== run.current) return;
        startTransition(() => setState((before) => (after ? continued(before, page) : joined(before, page))));
      } catch (error) {
        if (mine === run.current) setState((before) => ({ ...before, problem: error }));
      } finally {
        if (mine === run.current) busy.current = false;
      }
    },
    [filter, setState],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: starts over whenever a push may have been missed
  useEffect(() => {
    run.current++;
    void load(undefined, undefined);
  }, [load, fresh]);

  const { ids, end, oldest, complete, problem } = state;
  const { items, added } = useMemo(() => {
    const inReach = (it: Playback) => complete || (oldest !== undefined && !isOlder(it, oldest));
    const matching = [...all.values()].filter((it) => inReach(it) && matches(filter, it)).sort(newestFirst);
    return {
      items: matching.filter(({ id }) => ids.has(id)),
      added: filter.search ? [] : matching.filter(({ id }) => !ids.has(id)),
    };
  }, [all, filter, ids, oldest, complete]);
  const showNew = useCallback(
    () => setState((before) => ({ ...before, ids: union(before.ids, added) })),
    [added, setState],
  );
  // An empty list shows new playbacks at once, because nothing in it can shift.
  useEffect(() => {
    if (items.length === 0 && added.length > 0) showNew();
  }, [items, added, showNew]);
  const loadMore = useCallback(() => {
    if (!busy.current && !complete && end) void load(end, oldest);
  }, [load, complete, end, oldest]);
  return { items, newCount: added.length, showNew, complete, problem, loadMore };
}

/** How far a list is loaded: the ids so far, its first and last item, and the cursor of the next page. */
interface Reach {
  readonly filter: PlaybackFilter;
  readonly ids: ReadonlySet<string>;
  /** The first item of the first page. */
  readonly newest?: Position | undefined;
  readonly oldest?: Position | undefined;
  readonly end?: string | undefined;
  readonly complete: boolean;
  readonly problem?: unknown;
}

/** The lists of the user who is signed in, by filter. */
const reached = new WeakMap<Session, Map<string, Reach>>();

function useReach(filter: PlaybackFilter): [Reach, (next: (before: Reach) => Reach) => void] {
  const key = JSON.stringify(filter);
  const lists = reached.get(session.get()) ?? new Map<string, Reach>();
  reached.set(session.get(), lists);
  const [, draw] = useState(0);
  const unasked = useMemo(() => {
    const page = dataAhead(PlaybacksByCursorDocument, pageOf(filter, null))?.playbackConnection;
    return page ? reachOf(filter, page) : { filter, ids: new Set<string>(), complete: false };
  }, [filter]);
  const set = useCallback(
    (next: (before: Reach) => Reach) => {
      lists.set(key, next(lists.get(key) ?? unasked));
      draw((drawn) => drawn + 1);
    },
    [lists, key, unasked],
  );
  return [lists.get(key) ?? unasked, set];
}

const union = (ids: ReadonlySet<string>, more: readonly Position[]): ReadonlySet<string> =>
  new Set([...ids, ...more.map(({ id }) => id)]);

/** Loads the next page. */
const continued = (before: Reach, page: Reach): Reach => ({
  ...page,
  ids: new Set([...before.ids, ...page.ids]),
  newest: before.newest,
});

/**
 * The list after its first page was loaded again. Its later pages are kept, unless there is a hole between them and
 * that page.
 */
function joined(before: Reach, first: Reach): Reach {
  const { newest, oldest, ids, end, complete, filter } = before;
  if (!newest || !oldest || !first.oldest || isOlder(newest, first.oldest)) return first;
  return { filter, ids, newest: first.newest, oldest, end, complete };
}

/**
 * Loads one page by cursor. A known playback that lies in the page's range but is missing in the answer was deleted.
 * This is not concluded with a filter by status, protection or reviewed marks, because the answer may be newer than
 * what is known.
 */
async function loadPage(
  filter: PlaybackFilter,
  after: string | undefined,
  newest: Position | undefined,
): Promise<Reach> {
  const known = [filter.recordingStatus, filter.search, filter.protected, filter.reviewed].some(
    (it) => it != null,
  )
    ? []
    : [...playbacks.get().values()].filter((it) => matches(filter, it));
  const variables = pageOf(filter, after ?? null);
  const page = (await query(PlaybacksByCursorDocument, variables)).playbackConnection;
  const reach = reachOf(filter, page);
  const { ids, oldest, complete } = reach;
  const gone = known.filter(
    (it) =>
      !ids.has(it.id) &&
      (newest === undefined || isOlder(it, newest)) &&
      (complete || (oldest !== undefined && !isOlder(it, oldest))),
  );
  forgetPlaybacks(gone.map(({ id }) => id));
  return reach;
}

function reachOf(filter: PlaybackFilter, page: PlaybacksByCursorQuery['playbackConnection']): Reach {
  const { nodes, pageInfo } = page;
  const [first, last] = [nodes[0], nodes.at(-1)];
  return {
    filter,
    ids: new Set(nodes.map(({ id }) => id)),
    newest: first && positionOf(first),
    oldest: last && positionOf(last),
    end: pageInfo.endCursor ?? undefined,
    complete: !pageInfo.hasNextPage,
  };
}

const positionOf = ({ startedAt, id }: Position): Position => ({ startedAt, id });

const isOlder = (it: Position, than: Position): boolean =>
  it.startedAt < than.startedAt || (it.startedAt === than.startedAt && it.id < than.id);
