import { dayStart, localDay } from '../parts/format.ts';
import { exactTime, type TimeRange } from './time-range.ts';

/** What the timeline shows. Epoch ms. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

const secondMs = 1_000;
const yearMs = 366 * 24 * 3_600_000;

/** @param factor below 1: shows less @param anchor the moment that keeps its place, in epoch ms */
export function zoomed({ from, to }: Window, factor: number, anchor: number): Window {
  const length = Math.min(yearMs, Math.max(secondMs, (to - from) * factor));
  const part = (anchor - from) / (to - from);
  const begin = Math.round(anchor - part * length);
  return { from: begin, to: begin + Math.round(length) };
}

export function moved({ from, to }: Window, byMs: number): Window {
  const by = Math.round(byMs);
  return { from: from + by, to: to + by };
}

export const isWholeDay = ({ from, to }: Window): boolean =>
  dayStart(localDay(from)).getTime() === from && dayStart(localDay(from), 1).getTime() === to;

/** The filter's time for a window: a day as such, everything else by its ends. */
export const rangeOf = (window: Window): TimeRange =>
  isWholeDay(window)
    ? { kind: 'day', day: localDay(window.from) }
    : { kind: 'between', from: exactTime(window.from), to: exactTime(window.to) };

/** Where a moment is in the window, as a CSS length. */
export const percent = (at: number, { from, to }: Window): string =>
  `${((at - from) / Math.max(1, to - from)) * 100}%`;
