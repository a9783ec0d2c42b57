import { useEffect, useMemo, useState } from 'react';
import { useSearchParams } from 'wouter';
import { query } from '../api/client.ts';
import { type Playback, playbacks } from '../api/entities.ts';
import { freshness } from '../api/live.ts';
import { useCalmly, useObservable } from '../api/observable.ts';
import { PlaybacksByCursorDocument } from '../gql/graphql.ts';
import { newestFirst } from '../now/running.ts';
import { dayStart, localDay } from '../parts/format.ts';

/** Spans that the timeline can show, in hours. */
export const spans = [24, 6, 1] as const;

/** The stretch of time that is drawn, as it stands in the address bar. Epoch ms. */
export interface DayWindow {
  readonly day: string;
  readonly hours: (typeof spans)[number];
  readonly from: number;
  readonly to: number;
}

const hourMs = 3_600_000;

/** The window, and how to move it: to another moment, or to another span around the same one. */
export function useDayWindow(): [DayWindow, (to: { middle?: number; hours?: number }) => void] {
  const [search, setSearch] = useSearchParams();
  const given = search.get('day') ?? '';
  const day = /^\d{4}-\d{2}-\d{2}$/.test(given) ? given : localDay(Date.now());
  const hours = spans.find((span) => String(span) === search.get('hours')) ?? 24;
  const at = /^(\d{2}):(\d{2})$/.exec(search.get('at') ?? '');
  const midnight = dayStart(day).getTime();
  const from = hours === 24 || !at ? midnight : midnight + Number(at[1]) * hourMs + Number(at[2]) * 60_000;
  const to = hours === 24 ? dayStart(day, 1).getTime() : from + hours * hourMs;
  const move = (change: { middle?: number; hours?: number }) => {
    const span = change.hours ?? hours;
    const middle = change.middle ?? (from + to) / 2;
    const start = new Date(span === 24 ? middle : middle - (span * hourMs) / 2);
    const two = (n: number) => String(n).padStart(2, '0');
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        next.set('day', localDay(start));
        next.delete('at');
        next.delete('hours');
        if (span !== 24) {
          next.set('hours', String(span));
          next.set('at', `${two(start.getHours())}:${two(start.getMinutes() < 30 ? 0 : 30)}`);
        }
        return next;
      },
      { replace: true },
    );
  };
  return [{ day, hours, from, to }, move];
}

/** More than these are not drawn on one day; the list has them all. */
const mostDrawn = 3_000;

/** All playbacks whose event lies in the window's day or hours, oldest first; what is pushed comes in by itself. */
export function useDay({ from, to }: DayWindow): { playbacks: readonly Playback[]; truncated: boolean } {
  const all = useCalmly(playbacks);
  const fresh = useObservable(freshness);
  const [truncated, setTruncated] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: asks again whenever something may have been missed
  useEffect(() => {
    let left = false;
    loadStretch(from, to, () => left).then(
      (complete) => !left && setTruncated(!complete),
      () => {},
    );
    return () => {
      left = true;
    };
  }, [from, to, fresh]);
  const inWindow = useMemo(() => {
    const [first, last] = [new Date(from).toISOString(), new Date(to).toISOString()];
    return [...all.values()]
      .filter(({ startedAt }) => startedAt >= first && startedAt < last)
      .sort((a, b) => newestFirst(b, a));
  }, [all, from, to]);
  return { playbacks: inWindow, truncated };
}

/** @returns whether all of it was read */
async function loadStretch(from: number, to: number, isLeft: () => boolean): Promise<boolean> {
  // The API's bounds are exclusive.
  const filter = {
    startedAfter: new Date(from - 1).toISOString(),
    startedBefore: new Date(to).toISOString(),
  };
  let after: string | null = null;
  for (let read = 0; read < mostDrawn && !isLeft(); read += 100) {
    const page: Awaited<ReturnType<typeof readPage>> = await readPage(filter, after);
    if (!page.hasNextPage || !page.endCursor) return true;
    after = page.endCursor;
  }
  return false;
}

async function readPage(filter: { startedAfter: string; startedBefore: string }, after: string | null) {
  const { playbackConnection } = await query(PlaybacksByCursorDocument, { filter, first: 100, after });
  return playbackConnection.pageInfo;
}
