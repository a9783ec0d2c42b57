import { clock, dayStart, localDay, zoned } from '../parts/format.ts';

/** The time that the list and the timeline show. */
export type TimeRange =
  | { readonly kind: 'any' }
  | { readonly kind: 'preset'; readonly preset: Preset }
  /** Like 2026-11-22, in the viewer's zone. */
  | { readonly kind: 'day'; readonly day: string }
  /** Local times like 2026-11-22T14:00, or exactTime. */
  | { readonly kind: 'between'; readonly from: string | undefined; readonly to: string | undefined };

export const presets = ['hour', 'today', 'tonight', 'yesterday'] as const;
export type Preset = (typeof presets)[number];

export const anyTime: TimeRange = { kind: 'any' };

const hourMs = 3_600_000;
/** A night lasts from this hour to that hour of the next day. */
const nightHours = [18, 8] as const;

/** Epoch ms; `from` is inclusive, `to` is exclusive. */
export interface Bounds {
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** @param now epoch ms */
export function boundsOf(range: TimeRange, now: number): Bounds {
  switch (range.kind) {
    case 'any':
      return { from: undefined, to: undefined };
    case 'preset':
      return boundsOfPreset(range.preset, now);
    case 'day':
      return { from: dayStart(range.day).getTime(), to: dayStart(range.day, 1).getTime() };
    case 'between':
      return {
        from: range.from ? parseLocal(range.from) : undefined,
        to: range.to ? parseLocal(range.to) : undefined,
      };
  }
}

function boundsOfPreset(preset: Preset, now: number): Bounds {
  const today = localDay(now);
  const at = (days: number, hour = 0) => {
    const date = dayStart(today, days);
    date.setHours(hour);
    return date.getTime();
  };
  switch (preset) {
    case 'hour':
      return { from: Math.floor(now / 60_000) * 60_000 - hourMs, to: undefined };
    case 'today':
      return { from: at(0), to: at(1) };
    case 'yesterday':
      return { from: at(-1), to: at(0) };
    case 'tonight': {
      // The night that began last.
      const days = now >= at(0, nightHours[0]) ? 0 : -1;
      return { from: at(days, nightHours[0]), to: at(days + 1, nightHours[1]) };
    }
  }
}

/** The range that the timeline draws: the bounds, or the day closest to them. A second at least. Epoch ms. */
export function windowOf({ from, to }: Bounds, now: number): { readonly from: number; readonly to: number } {
  if (from !== undefined && to !== undefined) return { from, to: Math.max(to, from + 1_000) };
  if (from !== undefined) return { from, to: Math.max(now, from + hourMs) };
  if (to !== undefined) return { from: to - 24 * hourMs, to };
  const today = localDay(now);
  return { from: dayStart(today).getTime(), to: dayStart(today, 1).getTime() };
}

/** Epoch ms of a local time like 2026-11-22T14:00, or of exactTime. */
function parseLocal(time: string): number {
  if (time.endsWith('Z')) return Date.parse(time);
  const [day = '', clock = ''] = time.split('T');
  const [hour = 0, minute = 0, second = 0] = clock.split(':').map(Number);
  const date = dayStart(day);
  date.setHours(hour, minute, second);
  return date.getTime();
}

/** 2026-11-22T14:00 in the viewer's zone. */
export function localTime(at: number): string {
  const date = zoned(at);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${localDay(at)}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/**
 * A text for exactly this moment: a local time where that is possible, with seconds if need be. A
 * part of a second, and an hour that occurs twice when clocks are set back, is written in UTC.
 */
export function exactTime(at: number): string {
  const texts = [localTime(at), `${localDay(at)}T${clock(at)}`];
  return texts.find((text) => parseLocal(text) === at) ?? new Date(at).toISOString();
}

/** How a text of exactTime is shown and typed. */
export const shownTime = (text: string): string =>
  text.endsWith('Z') ? `${localDay(text)} ${clock(text)}` : text.replace('T', ' ');

/**
 * Converts typed text (2026-11-22 14:00, 2026-11-22, or 14:00 for today).
 * @returns a local time like 2026-11-22T14:00
 */
export function parseLocalTime(text: string, now: number): string | undefined {
  const match = /^(?:(\d{4})-(\d{1,2})-(\d{1,2}))?[ T]*(?:(\d{1,2})[:.](\d{2})(?::(\d{2}))?)?$/.exec(
    text.trim(),
  );
  if (!match?.[0]) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0'] = match;
  const date = year ? dayStart(`${year}-${month}-${day}`) : dayStart(localDay(now));
  if (year && (date.getMonth() !== Number(month) - 1 || date.getDate() !== Number(day))) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  date.setHours(Number(hour), Number(minute), Number(second));
  return exactTime(date.getTime());
}
