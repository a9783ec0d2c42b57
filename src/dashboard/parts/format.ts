import type { EndReason, EventType, Fault, RecordingStatus } from '../gql/graphql.ts';

/** Formats times, durations, sizes and the API's names for people. Times are in the viewer's zone. */

const clockFormat = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const shortClockFormat = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const fullFormat = new Intl.DateTimeFormat(undefined, {
  dateStyle: 'full',
  timeStyle: 'long',
  hourCycle: 'h23',
} as Intl.DateTimeFormatOptions);

type Moment = string | number | Date;

/** 14:03:59 */
export const clock = (at: Moment): string => clockFormat.format(new Date(at));

/** 14:03 */
export const shortClock = (at: Moment): string => shortClockFormat.format(new Date(at));

/** 14:03:59.120 */
export const fineClock = (at: Moment): string =>
  `${clock(at)}.${String(new Date(at).getMilliseconds()).padStart(3, '0')}`;

/** With weekday, date and zone. */
export const fullTime = (at: Moment): string => fullFormat.format(new Date(at));

/** 2026-11-22 in the viewer's zone, the format of date fields. */
export function localDay(at: Moment): string {
  const date = new Date(at);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Midnight of the day `days` after a day like 2026-11-22, in the viewer's zone. */
export function dayStart(day: string, days = 0): Date {
  const [year = 1970, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(year, month - 1, date + days);
}

/** Today, Yesterday, or Sunday 22 November; with the year if it is not the present one. */
export function dayName(day: string): string {
  const isThisYear = day.slice(0, 4) === localDay(Date.now()).slice(0, 4);
  const name = `${dayFormat.format(dayStart(day))}${isThisYear ? '' : ` ${day.slice(0, 4)}`}`;
  if (day === localDay(Date.now())) return `Today · ${name}`;
  if (day === localDay(dayStart(localDay(Date.now()), -1))) return `Yesterday · ${name}`;
  return name;
}

/** Like "Today, 14:02:11". */
export const dayAndClock = (at: Moment): string => `${dayName(localDay(at))}, ${clock(at)}`;

/** Like "Europe/Berlin, GMT+1". */
export function zoneName(): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const parts = new Intl.DateTimeFormat('en', { timeZoneName: 'shortOffset' }).formatToParts(new Date());
  const offset = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
  return timeZone === offset || /^GMT(\+0)?$/.test(offset) ? timeZone : `${timeZone}, ${offset}`;
}

/** 0:07, 12:40, 1:02:03. */
export function length(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (n: number) => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** 0:07.3 */
export const fineLength = (ms: number): string =>
  `${length(ms)}.${Math.floor((Math.max(0, ms) % 1_000) / 100)}`;

/** 340 ms, 5.2 s, 12 s, 3 min, 2 h: for durations that are read, not compared. */
export function span(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${Number((ms / 1_000).toFixed(1))} s`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

export function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1_000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** A number of playbacks, in words. */
export const playbackCount = (count: number): string =>
  count === 1 ? '1 playback' : `${count.toLocaleString()} playbacks`;

export const resolutionName = (resolution: string): string => resolution.replace('x', ' × ');

/** The common name of an RFC 6381 codec. */
export function codecName(codec: string): string {
  const families: readonly [RegExp, string][] = [
    [/^avc[13]/, 'H.264'],
    [/^(hvc1|hev1)/, 'H.265'],
    [/^mp4a/, 'AAC'],
    [/^opus/i, 'Opus'],
  ];
  return families.find(([pattern]) => pattern.test(codec))?.[1] ?? codec;
}

export const typeNames: Readonly<Record<EventType, string>> = {
  MOTION: 'Motion',
  PERSON: 'Person',
  VEHICLE: 'Vehicle',
  ANIMAL: 'Animal',
  INTRUSION: 'Intrusion',
  LINE_CROSSING: 'Line crossing',
  SOUND: 'Sound',
  TAMPER: 'Tamper',
  OTHER: 'Other',
};
export const eventTypes = Object.keys(typeNames) as EventType[];

export const statusNames: Readonly<Record<RecordingStatus, string>> = {
  PENDING: 'Pending',
  RECORDING: 'Recording',
  PROCESSING: 'Processing',
  COMPLETED: 'Completed',
  FAILED: 'Failed',
};
export const statuses = Object.keys(statusNames) as RecordingStatus[];

export const endReasonNames: Readonly<Record<EndReason, string>> = {
  ENDED: 'its event ended',
  STOPPED: 'stopped by hand',
  LEASE_EXPIRED: 'its event’s lease ran out',
  MAX_DURATION: 'the longest duration was reached',
  CAMERA_LOST: 'the camera was lost',
  SHUTDOWN: 'the server could not go on',
  NODE_LOST: 'the server was lost',
};

export const faultNames: Readonly<Record<Fault, string>> = {
  CAMERA: 'whoever looks after the camera or its network',
  SERVER: 'whoever runs Flashback',
  STORAGE: 'whoever looks after the bucket or the disk',
};
