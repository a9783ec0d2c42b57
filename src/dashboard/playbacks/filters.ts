import { useMemo } from 'react';
import { useSearchParams } from 'wouter';
import type { Playback } from '../api/entities.ts';
import type { EventType, PlaybackFilter, RecordingStatus } from '../gql/graphql.ts';
import { eventTypes, statuses } from '../parts/format.ts';

/** What the list shows, as it stands in the address bar: camera, status, type, time range, page. */
export interface Filters {
  readonly cameraId: string | undefined;
  readonly statuses: readonly RecordingStatus[];
  readonly types: readonly EventType[];
  /** Local times like 2026-11-22T14:00, as their fields give them. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** Numbered pages; undefined: one endless list. */
  readonly page: number | undefined;
}

const localTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/;

export function readFilters(search: URLSearchParams): Filters {
  const time = (name: string) => {
    const value = search.get(name);
    return value && localTime.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined;
  };
  const page = Number(search.get('page') ?? 'none');
  return {
    cameraId: search.get('camera') ?? undefined,
    statuses: statuses.filter((status) => search.getAll('status').includes(status.toLowerCase())),
    types: eventTypes.filter((type) => search.getAll('type').includes(type.toLowerCase())),
    from: time('from'),
    to: time('to'),
    page: Number.isInteger(page) && page >= 1 ? page : undefined,
  };
}

export function writeFilters(search: URLSearchParams, filters: Filters): URLSearchParams {
  const next = new URLSearchParams(search);
  for (const name of ['camera', 'status', 'type', 'from', 'to', 'page']) next.delete(name);
  if (filters.cameraId) next.set('camera', filters.cameraId);
  for (const status of filters.statuses) next.append('status', status.toLowerCase());
  for (const type of filters.types) next.append('type', type.toLowerCase());
  if (filters.from) next.set('from', filters.from);
  if (filters.to) next.set('to', filters.to);
  if (filters.page) next.set('page', String(filters.page));
  return next;
}

/** The filters, and how to change some of them. A change of what is shown goes back to the first page. */
export function useFilters(): [Filters, (change: Partial<Filters>) => void] {
  const [search, setSearch] = useSearchParams();
  const key = search.toString();
  const filters = useMemo(() => readFilters(new URLSearchParams(key)), [key]);
  const change = (part: Partial<Filters>) => {
    const page = 'page' in part ? part.page : filters.page && 1;
    setSearch((before) => writeFilters(before, { ...readFilters(before), ...part, page }), { replace: true });
  };
  return [filters, change];
}

export function toApiFilter({ cameraId, statuses, types, from, to }: Filters): PlaybackFilter {
  return {
    ...(cameraId && { cameraId }),
    ...(statuses.length > 0 && { recordingStatus: [...statuses] }),
    ...(types.length > 0 && { eventType: [...types] }),
    ...(from && { startedAfter: new Date(from).toISOString() }),
    ...(to && { startedBefore: new Date(to).toISOString() }),
  };
}

/** Whether the API would give this playback for this filter: what is pushed is sorted in here. */
export function matches(
  filter: PlaybackFilter,
  { camera, recordingStatus, event, startedAt }: Playback,
): boolean {
  const { cameraId, recordingStatus: statuses, eventType: types, startedAfter, startedBefore } = filter;
  if (cameraId && camera.id !== cameraId) return false;
  if (statuses && !statuses.includes(recordingStatus)) return false;
  if (types && !(event && types.includes(event.type))) return false;
  if (startedAfter && startedAt <= startedAfter) return false;
  return !(startedBefore && startedAt >= startedBefore);
}
