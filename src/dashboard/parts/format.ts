import { TZDateMini } from '@date-fns/tz';
import type { EventType, RecordingStatus } from '../gql/graphql.ts';
import { locale, t } from '../texts/text.ts';
import { timeZone } from '../texts/time-zone.ts';

/**
 * Formats times, durations, sizes and the API's names for people, in their language. Times are in the viewer's zone, which
 * the user may have chosen.
 */

const makeFormats = (locale: string, timeZone: string) => {
  const time = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { timeZone, ...options });
  const decimals = (least: number, most = least) =>
    new Intl.NumberFormat(locale, { minimumFractionDigits: least, maximumFractionDigits: most });
  const hours = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const day = { weekday: 'long', day: 'numeric', month: 'long' } as const;
  return {
    clock: time({ ...hours, second: '2-digit' }),
    shortClock: time(hours),
    day: time(day),
    dayOfYear: time({ ...day, year: 'numeric' }),
    full: time({ dateStyle: 'full', timeStyle: 'long', hourCycle: 'h23' }),
    whole: decimals(0),
    tenths: decimals(1),
    upToTenths: decimals(0, 1),
    short: new Intl.NumberFormat(locale, { maximumSignificantDigits: 2 }),
  };
};

let made: { readonly key: string; readonly formats: ReturnType<typeof makeFormats> } | undefined;

/** The formats of the present language and zone. Making them takes long, so they are kept. */
function formats() {
  const key = `${locale()} ${timeZone()}`;
  if (made?.key !== key) made = { key, formats: makeFormats(locale(), timeZone()) };
  return made.formats;
}

type Moment = string | number | Date;

/** 14:03:59 */
export const clock = (at: Moment): string => formats().clock.format(new Date(at));

/** 14:03 */
export const shortClock = (at: Moment): string => formats().shortClock.format(new Date(at));

/** 14:03:59.120 */
export const fineClock = (at: Moment): string =>
  `${clock(at)}.${String(new Date(at).getMilliseconds()).padStart(3, '0')}`;

/** With weekday, date and zone. */
export const fullTime = (at: Moment): string => formats().full.format(new Date(at));

/** The moment, as a date whose fields (hours, minutes, …) are those of the viewer's zone. */
export const zoned = (at: Moment): Date => new TZDateMini(new Date(at).getTime(), timeZone());

/** 2026-11-22 in the viewer's zone, the format of date fields. */
export function localDay(at: Moment): string {
  const date = zoned(at);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Midnight of the day `days` after a day like 2026-11-22, in the viewer's zone; its fields are those of the zone. */
export function dayStart(day: string, days = 0): Date {
  const [year = 1970, month = 1, date = 1] = day.split('-').map(Number);
  return new TZDateMini(year, month - 1, date + days, timeZone());
}

/** Today, Yesterday, or Sunday 22 November; with the year if it is not the present one. */
export function dayName(day: string): string {
  const today = localDay(Date.now());
  const { day: format, dayOfYear } = formats();
  const name = (day.slice(0, 4) === today.slice(0, 4) ? format : dayOfYear).format(dayStart(day));
  if (day === today) return t('parts.today', { day: name });
  if (day === localDay(dayStart(today, -1))) return t('parts.yesterday', { day: name });
  return name;
}

/** Like "Today, 14:02:11". */
export const dayAndClock = (at: Moment): string => `${dayName(localDay(at))}, ${clock(at)}`;

/** Like "Europe/Berlin, GMT+1". */
export function zoneName(): string {
  const zone = timeZone();
  const format = new Intl.DateTimeFormat('en', { timeZoneName: 'shortOffset', timeZone: zone });
  const offset = format.formatToParts(new Date()).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  return zone === offset || /^GMT(\+0)?$/.test(offset) ? zone : `${zone}, ${offset}`;
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
  const { whole, upToTenths } = formats();
  if (ms < 1_000) return t('parts.ms', { value: whole.format(ms) });
  if (ms < 9_950) return t('parts.seconds', { value: upToTenths.format(ms / 1_000) });
  if (ms < 120_000) return t('parts.seconds', { value: whole.format(ms / 1_000) });
  if (ms < 7_200_000) return t('parts.minutes', { value: whole.format(ms / 60_000) });
  return t('parts.hours', { value: whole.format(ms / 3_600_000) });
}

export function size(bytes: number): string {
  const { whole, tenths } = formats();
  if (bytes < 1_000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1_000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${(value < 9.95 ? tenths : whole).format(value)} ${units[unit]}`;
}

/** A whole number: 12,345. */
export const wholeNumber = (value: number): string => formats().whole.format(value);

/** A number with one decimal place: 1.5. */
export const oneDecimal = (value: number): string => formats().tenths.format(value);

/** A number with at most two significant digits: 4.1, 0.25, 12. */
export const shortNumber = (value: number): string => formats().short.format(value);

/** A number of playbacks, in words. */
export const playbackCount = (count: number): string => t('parts.playbacks', { count });

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

export const eventTypes = [
  'MOTION',
  'PERSON',
  'VEHICLE',
  'ANIMAL',
  'INTRUSION',
  'LINE_CROSSING',
  'SOUND',
  'TAMPER',
  'OTHER',
] as const satisfies readonly EventType[];

export const typeName = (type: EventType): string => t(`names.type.${type}`);

export const statuses = [
  'PENDING',
  'RECORDING',
  'PROCESSING',
  'COMPLETED',
  'FAILED',
] as const satisfies readonly RecordingStatus[];

export const statusName = (status: RecordingStatus): string => t(`names.status.${status}`);
