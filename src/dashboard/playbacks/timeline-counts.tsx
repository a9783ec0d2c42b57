import { memo } from 'react';
import css from './timeline.module.css';
import type { Counts } from './timeline-data.ts';
import { percent, type Window } from './timeline-view.ts';

/** How many playbacks of one camera began when: a column for each stretch of time, with the colours of their types. */
export const CountedPlaybacks = memo(function CountedPlaybacks({
  counts,
  counted,
  view,
  most,
}: {
  /** Of one camera. */
  counts: readonly Counts[];
  /** What the counts are about. */
  counted: Window;
  view: Window;
  /** The highest column of all cameras. */
  most: number;
}) {
  const buckets = counts[0]?.counts.length ?? 0;
  const totals = Array.from({ length: buckets }, (_, i) =>
    counts.reduce((sum, it) => sum + it.counts[i]!, 0),
  );
  // By logarithm, so that a single playback is seen beside thousands; each type has its share of the column.
  const shares = totals.map((total) => (25 + (75 * Math.log(total)) / Math.log(Math.max(2, most))) / total);
  const reached = new Array<number>(buckets).fill(0);
  const paths = counts.map(({ eventType, counts }) => ({
    eventType,
    d: counts
      .map((count, i) => {
        if (count === 0) return '';
        const below = reached[i]!;
        reached[i] = below + count * shares[i]!;
        return `M${i} ${(100 - below).toFixed(1)}h1V${(100 - reached[i]!).toFixed(1)}h-1z`;
      })
      .join(''),
  }));
  return (
    <svg
      className={css.counts}
      viewBox={`0 0 ${Math.max(1, buckets)} 100`}
      preserveAspectRatio="none"
      aria-hidden="true"
      style={{
        left: percent(counted.from, view),
        width: percent(view.from + counted.to - counted.from, view),
      }}
    >
      {paths.map(({ eventType, d }) => (
        <path key={eventType} d={d} data-type={eventType ?? 'BY_HAND'} />
      ))}
    </svg>
  );
});
