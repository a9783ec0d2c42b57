import { query } from '../api/client.ts';
import { PlaybackNeighboursDocument } from '../gql/graphql.ts';
import { dayStart, localDay } from '../parts/format.ts';
import { say, sayProblem } from '../parts/notice.tsx';
import { usePageKeys } from '../parts/page-keys.ts';
import type { Way } from '../playback/neighbours.ts';
import { t } from '../texts/text.ts';
import { type Filters, toApiFilter } from './filters.ts';
import type { TimeRange } from './time-range.ts';
import type { Window } from './timeline-view.ts';

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
      else say(t(`playbacks.timeline.${missing[way][span]}`));
    } catch (error) {
      sayProblem(error);
    }
  };
  usePageKeys(({ key, shiftKey }) => {
    const span = keys[key.toLowerCase()];
    return span && (() => void go(span, shiftKey ? 'later' : 'earlier'));
  });
}

/** The keys of the texts that say that there is none. */
const missing = {
  earlier: { day: 'noEarlierDay', month: 'noEarlierMonth', year: 'noEarlierYear' },
  later: { day: 'noLaterDay', month: 'noLaterMonth', year: 'noLaterYear' },
} as const;

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
  if (span === 'day') return dayStart(day, after).getTime();
  const date = dayStart(day);
  const [years, month] = span === 'year' ? [after, 0] : [0, date.getMonth() + after];
  date.setFullYear(date.getFullYear() + years, month, 1);
  return date.getTime();
}
