import { useEffect, useMemo, useState } from 'react';
import { query } from '../api/client.ts';
import { cameras, type Playback, playbacks } from '../api/entities.ts';
import { pageOf } from '../api/first-queries.ts';
import { freshness } from '../api/live.ts';
import { useCalmly, useObservable } from '../api/observable.ts';
import { newestFirst } from '../api/running.ts';
import { serverNow } from '../api/server-clock.ts';
import {
  PlaybackCountsDocument,
  type PlaybackCountsQuery,
  type PlaybackFilter,
  PlaybacksByCursorDocument,
} from '../gql/graphql.ts';
import { matches } from './filters.ts';
import { stretchOf } from './stretch.ts';
import type { Window } from './timeline-view.ts';

/** With more playbacks than this, their numbers are drawn instead. */
const mostDrawn = 600;
const buckets = 200;
/** A clip that began so long before the window is not looked for. */
const longestMs = 3_600_000;
/** How much a window that ends now grows until it is queried again. */
const growsByMs = 300_000;

/** How many playbacks of a camera and an event type began in each of equal stretches of a window. */
export type Counts = PlaybackCountsQuery['playbackCounts'][number];

export interface TimelineData {
  /** Those that are in the view at least in part, oldest first. */
  readonly playbacks: readonly Playback[];
  /** Set if there are too many to be drawn: their numbers, and the window that these are about. */
  readonly counted: { readonly window: Window; readonly counts: readonly Counts[] } | undefined;
  readonly loaded: boolean;
}

/**
 * What the timeline draws of all matching playbacks: the playbacks, or their numbers if they are too many. Pushed playbacks
 * are included.
 * @param filter with the bounds of the window
 * @param window what the filter shows
 * @param view what is drawn: while it is dragged or zoomed, another part
 */
export function useTimelineData(filter: PlaybackFilter, window: Window, view: Window): TimelineData {
  const all = useCalmly(playbacks);
  const fresh = useObservable(freshness);
  const [answered, setAnswered] = useState<Answered>();
  const { from } = window;
  // A window that ends now grows all the time. What is pushed is in it anyway, so it is not queried again each time.
  const to = filter.startedBefore ? window.to : Math.ceil(window.to / growsByMs) * growsByMs;
  // biome-ignore lint/correctness/useExhaustiveDependencies: queries again whenever a push may have been missed
  useEffect(() => {
    let left = false;
    load(filter, { from, to }, () => left).then(
      (found) => !left && setAnswered(found),
      // The list shows the error.
      () => !left && setAnswered({ ids: new Set() }),
    );
    return () => {
      left = true;
    };
  }, [filter, from, to, fresh]);
  const drawn = useMemo(() => {
    const { startedAfter: _after, startedBefore: _before, ...anyTime } = filter;
    const isInView = (it: Playback) => {
      const { from, to } = stretchOf(it, serverNow());
      return from < view.to && Math.max(to, Date.parse(it.startedAt) + 1) > view.from;
    };
    return [...all.values()]
      .filter((it) => matches(anyTime, it) && isInView(it) && (!filter.search || answered?.ids.has(it.id)))
      .sort((a, b) => newestFirst(b, a));
  }, [all, filter, answered, view]);
  return {
    playbacks: answered?.counted ? [] : drawn,
    counted: answered?.counted,
    loaded: answered !== undefined,
  };
}

interface Answered {
  /** The ids in the answers. */
  readonly ids: ReadonlySet<string>;
  readonly counted?: TimelineData['counted'];
}

async function load(filter: PlaybackFilter, window: Window, isLeft: () => boolean): Promise<Answered> {
  const [from, to] = [window.from, window.to].map((at) => new Date(at).toISOString()) as [string, string];
  // The list asks for the same page, so that it is sent once.
  const first = readPage(filter, null);
  const before = readPage(startedBefore(filter, window), null);
  const { playbackCounts: counts } = await query(PlaybackCountsDocument, { filter, from, to, buckets });
  const total = counts.reduce((sum, it) => it.counts.reduce((a, b) => a + b, sum), 0);
  if (total > mostDrawn) return { ids: new Set(), counted: { window, counts } };
  const ids = new Set((await before).nodes.map(({ id }) => id));
  for (let page = await first; !isLeft(); ) {
    for (const { id } of page.nodes) ids.add(id);
    const { hasNextPage, endCursor } = page.pageInfo;
    if (!hasNextPage || !endCursor || ids.size > 2 * mostDrawn) break;
    page = await readPage(filter, endCursor);
  }
  return { ids };
}

/** Finds playbacks that began before the window, and may last into it. */
function startedBefore(filter: PlaybackFilter, { from }: Window): PlaybackFilter {
  const lengths = [...cameras.get().values()].map(({ maxDurationSec }) => maxDurationSec * 1_000);
  const longest = Math.min(longestMs, Math.max(0, ...lengths));
  const [after, before] = [from - longest - 1, from].map((at) => new Date(at).toISOString());
  return { ...filter, startedAfter: after!, startedBefore: before! };
}

async function readPage(filter: PlaybackFilter, after: string | null) {
  return (await query(PlaybacksByCursorDocument, pageOf(filter, after))).playbackConnection;
}
