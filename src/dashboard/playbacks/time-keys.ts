import { query } from '../api/client.ts';
import { PlaybackNeighboursDocument } from '../gql/graphql.ts';
import { dayStart, localDay } from '../parts/format.ts';
import { say, sayProblem } from '../parts/notice.tsx';
import { usePageKeys } from '../parts/page-keys.ts';
import type { Way } from '../playback/neighbours.ts';
import { type Filters, toApiFilter } from './filters.ts';
import type { TimeRange } from './time-range.ts';
import type { Window } from './timeline.tsx';

type Span = 'day' | 'month' | 'year';

const keys: Readonly<Record<string, Span>> = { d: 'day', m: 'month', y: 'year' };

/**
 * The keys d, m and y show the newest day with playbacks that match before the day, month or year that is shown; with
 * Shift, the oldest one after it. As in Immich, days without anything are passed over.
 */
export function useTimeKeys(filters: Filters, shown: Window, onTime: (time: TimeRange) => void): void {
  const go = async (span: Span, way: Way) => {
    try {
      const startedAt = await nearest(filters, shown, span, way);
      if (startedAt) onTime({ kind: 'day', day: localDay(startedAt) });
      else say(`There is no playback of ${way === 'later' ? 'a later' : 'an earlier'} ${span}.`);
    } catch (error) {
      sayProblem(error);
    }
  };
  usePageKeys(({ key, shiftKey }) => {
    const span = keys[key.toLowerCase()];
    return span && (() => void go(span, shiftKey ? 'later' : 'earlier'));
  });
}

/** When the nearest playback that matches began: before the day, month or year that is shown, or after it. */
async function nearest(
  filters: Filters,
  { from, to }: Window,
  span: Span,
  way: Way,
): Promise<string | undefined> {
  const range =
    way === 'later'
      ? { from: startOf(span, to - 1, 1), to: undefined }
      : { from: undefined, to: startOf(span, from, 0) };
  const filter = toApiFilter(filters, range);
  const found = await query(PlaybackNeighboursDocument, { earlier: filter, later: filter });
  return found[way].nodes[0]?.startedAt;
}

/**
 * When a day, month or year begins, in epoch ms.
 * @param moment in epoch ms
 * @param after how many days, months or years later than the one that contains the moment
 */
function startOf(span: Span, moment: number, after: number): number {
  const day = localDay(moment);
  const [year = 1970, month = 1] = day.split('-').map(Number);
  if (span === 'day') return dayStart(day, after).getTime();
  return new Date(year + (span === 'year' ? after : 0), span === 'year' ? 0 : month - 1 + after, 1).getTime();
}
