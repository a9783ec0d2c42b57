import { clock, dayStart, localDay, shortClock, zoned } from '../parts/format.ts';
import type { Window } from './timeline-view.ts';

export interface Mark {
  readonly at: number;
  readonly text: string;
}

/** No more marks than fit side by side. */
const mostMarks = 9;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

interface Step {
  readonly ms: number;
  /** The moments of a step's multiples up to `to`; the first may lie before `from`. */
  readonly momentsIn: (window: Window) => Iterable<number>;
  readonly text: (at: number) => string;
}

const steps: readonly Step[] = [
  ...[100, 200, 500].map((ms) => ofClock(ms, (at) => `${clock(at)}.${Math.floor((at % 1_000) / 100)}`)),
  ...[1, 2, 5, 10, 15, 30].map((seconds) => ofClock(seconds * 1_000, clock)),
  ...[1, 2, 5, 10].map((minutes) => ofClock(minutes * minuteMs, shortClock)),
  ...[0.5, 1, 3, 6].map(ofHours),
  ...[1, 2, 7, 14].map(ofDays),
  ...[1, 2, 3].map(ofMonths),
];

/**
 * Marks along the top of the timeline. They follow local time: when clocks are set forward or back, marks stay at full
 * hours, days and months.
 */
export function marksOf(window: Window): readonly Mark[] {
  const { from, to } = window;
  const step = steps.find(({ ms }) => (to - from) / ms <= mostMarks) ?? steps.at(-1)!;
  const found: Mark[] = [];
  for (const at of step.momentsIn(window)) {
    if (at >= to || found.length > 3 * mostMarks) break;
    if (at >= from) found.push({ at, text: step.text(at) });
  }
  return found;
}

/** No zone is ahead of UTC by a part of ten minutes, so multiples since the epoch are local ones too. */
function ofClock(ms: number, text: (at: number) => string): Step {
  return {
    ms,
    text,
    *momentsIn({ from }) {
      for (let at = Math.ceil(from / ms) * ms; ; at += ms) yield at;
    },
  };
}

function ofHours(hours: number): Step {
  return {
    ms: hours * hourMs,
    text: shortClock,
    *momentsIn({ from }) {
      const day = localDay(from);
      for (let i = 0; ; i++) {
        const date = dayStart(day);
        date.setMinutes(i * hours * 60);
        yield date.getTime();
      }
    },
  };
}

function ofDays(days: number): Step {
  return {
    ms: days * dayMs,
    text: (at) => localDay(at).slice(5),
    *momentsIn({ from }) {
      const day = localDay(from);
      for (let i = 0; ; i++) yield dayStart(day, i * days).getTime();
    },
  };
}

function ofMonths(months: number): Step {
  return {
    ms: months * 31 * dayMs,
    text: (at) => localDay(at).slice(0, 7),
    *momentsIn({ from }) {
      const begin = zoned(from);
      const first = Math.ceil((begin.getMonth() + 1) / months) * months;
      for (let i = 0; ; i++) {
        const month = first + i * months;
        yield dayStart(`${begin.getFullYear() + Math.floor(month / 12)}-${(month % 12) + 1}-1`).getTime();
      }
    },
  };
}
