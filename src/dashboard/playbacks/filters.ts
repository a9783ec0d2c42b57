import { useMemo } from 'react';
import { useSearchParams } from 'wouter';
import type { Playback } from '../api/entities.ts';
import type { EventType, PlaybackFilter, RecordingStatus } from '../gql/graphql.ts';
import { eventTypes, statuses } from '../parts/format.ts';
import { anyTime, type Bounds, presets, type TimeRange } from './time-range.ts';

/** What list, timeline and count show, as the address bar states it: camera, status, type, time, page. */
export interface Filters {
  readonly cameraId: string | undefined;
  readonly statuses: readonly RecordingStatus[];
  readonly types: readonly EventType[];
  readonly time: TimeRange;
  /** Words that the event has to contain. */
  readonly search: string | undefined;
  /** Whether only protected playbacks are shown, or only others; undefined: both. */
  readonly isProtected: boolean | undefined;
  /** Whether only playbacks are shown that the user has reviewed, or only others; undefined: both. */
  readonly isReviewed: boolean | undefined;
  /** The number of a page; undefined for one endless list. */
  readonly page: number | undefined;
}

export const noFilters: Partial<Filters> = {
  cameraId: undefined,
  statuses: [],
  types: [],
  time: anyTime,
  search: undefined,
  isProtected: undefined,
  isReviewed: undefined,
};

export const isFiltered = (filters: Filters): boolean => {
  const { cameraId, statuses, types, time, search, isProtected, isReviewed } = filters;
  return (
    Boolean(cameraId || statuses.length || types.length || time.kind !== 'any' || search) ||
    isProtected !== undefined ||
    isReviewed !== undefined
  );
};

export function readFilters(search: URLSearchParams): Filters {
  const page = Number(search.get('page') ?? 'none');
  return {
    cameraId: search.get('camera') ?? undefined,
    statuses: statuses.filter((status) => search.getAll('status').includes(status.toLowerCase())),
    types: eventTypes.filter((type) => search.getAll('type').includes(type.toLowerCase())),
    time: readTime(search),
    search: search.get('search')?.trim() || undefined,
    isProtected: readYesOrNo(search, 'protected'),
    isReviewed: readYesOrNo(search, 'reviewed'),
    page: Number.isInteger(page) && page >= 1 ? page : undefined,
  };
}

const readYesOrNo = (search: URLSearchParams, name: string): boolean | undefined =>
  (({ yes: true, no: false }) as Record<string, boolean>)[search.get(name) ?? ''];

function readTime(search: URLSearchParams): TimeRange {
  const given = (name: string, form: RegExp) => {
    const value = search.get(name);
    return value && form.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined;
  };
  const preset = presets.find((known) => known === search.get('when'));
  if (preset) return { kind: 'preset', preset };
  const day = given('day', /^\d{4}-\d{2}-\d{2}$/);
  if (day) return { kind: 'day', day };
  const [from, to] = ['from', 'to'].map((name) => given(name, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/));
  return from || to ? { kind: 'between', from, to } : anyTime;
}

/** The parameters of the address. */
const names = [
  'camera',
  'status',
  'type',
  'when',
  'day',
  'from',
  'to',
  'search',
  'protected',
  'reviewed',
  'page',
];

export function writeFilters(search: URLSearchParams, filters: Filters): URLSearchParams {
  const next = new URLSearchParams(search);
  const { cameraId, time, page } = filters;
  for (const name of names) next.delete(name);
  if (cameraId) next.set('camera', cameraId);
  for (const status of filters.statuses) next.append('status', status.toLowerCase());
  for (const type of filters.types) next.append('type', type.toLowerCase());
  if (time.kind === 'preset') next.set('when', time.preset);
  if (time.kind === 'day') next.set('day', time.day);
  if (time.kind === 'between' && time.from) next.set('from', time.from);
  if (time.kind === 'between' && time.to) next.set('to', time.to);
  if (filters.search) next.set('search', filters.search);
  if (filters.isProtected !== undefined) next.set('protected', filters.isProtected ? 'yes' : 'no');
  if (filters.isReviewed !== undefined) next.set('reviewed', filters.isReviewed ? 'yes' : 'no');
  if (page) next.set('page', String(page));
  return next;
}

/**
 * The filters, and a function to change some of them. A change of the filter returns to the first page. `isStep`: the
 * change continues the one before, so that both are one entry of the history.
 */
export function useFilters(): [Filters, (change: Partial<Filters>, isStep?: boolean) => void] {
  const [search, setSearch] = useSearchParams();
  const key = search.toString();
  const filters = useMemo(() => readFilters(new URLSearchParams(key)), [key]);
  const change = (part: Partial<Filters>, isStep = false) => {
    const page = 'page' in part ? part.page : filters.page && 1;
    setSearch((before) => writeFilters(before, { ...readFilters(before), ...part, page }), {
      replace: isStep,
    });
  };
  return [filters, change];
}

export function toApiFilter(
  { cameraId, statuses, types, search, isProtected, isReviewed }: Filters,
  { from, to }: Bounds,
): PlaybackFilter {
  return {
    ...(cameraId && { cameraId }),
    ...(statuses.length > 0 && { recordingStatus: [...statuses] }),
    ...(types.length > 0 && { eventType: [...types] }),
    ...(search && { search }),
    ...(isProtected !== undefined && { protected: isProtected }),
    ...(isReviewed !== undefined && { reviewed: isReviewed }),
    // `from` is inclusive, but the API's bounds are exclusive.
    ...(from !== undefined && { startedAfter: new Date(from - 1).toISOString() }),
    ...(to !== undefined && { startedBefore: new Date(to).toISOString() }),
  };
}

/**
 * Whether the API would return this playback for this filter. Used for pushed playbacks. Does not check `search`: only
 * the API knows all words of an event.
 */
export function matches(
  filter: PlaybackFilter,
  { camera, recordingStatus, event, startedAt, protection, reviewed }: Playback,
): boolean {
  const { cameraId, recordingStatus: statuses, eventType: types, startedAfter, startedBefore } = filter;
  if (cameraId && camera.id !== cameraId) return false;
  if (statuses && !statuses.includes(recordingStatus)) return false;
  if (types && !(event && types.includes(event.type))) return false;
  if (typeof filter.protected === 'boolean' && filter.protected !== Boolean(protection)) return false;
  if (typeof filter.reviewed === 'boolean' && filter.reviewed !== reviewed) return false;
  if (startedAfter && startedAt <= startedAfter) return false;
  return !(startedBefore && startedAt >= startedBefore);
}
