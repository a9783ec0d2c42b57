// The times of live pictures, as Media Source Extensions need them.
import { expect, test } from 'vitest';
import { PictureTimes } from '../../src/wall/picture-times.ts';
import { unitMaker } from '../support/media/units.ts';

const frame = 6_000;
const make = () => new PictureTimes((ms) => ms);

/** The decode times, and when the last picture ends. */
function decoded({ decodeTime, durations }: { decodeTime: number; durations: readonly number[] }): number[] {
  const times = [decodeTime];
  for (const duration of durations) times.push(times.at(-1)! + duration);
  return times;
}

test('times begin with the wall clock, and follow the timestamps', () => {
  const units = unitMaker();
  const times = new PictureTimes((ms) => ms + 1_000_000);
  const first = times.next([units.picture(0, true), units.picture(100, false)]);
  expect(first.shown).toEqual([90_000_000, 90_009_000]);
  expect(first.compositionOffsets).toEqual([0, 0]);
  expect(times.next([units.picture(200, false)]).shown).toEqual([90_018_000]);
});

test('decode times go on without a step, however uneven the pictures are', () => {
  const times = make();
  const fragments = [[0, 1], [2.5], [3], [13, 14], [14.2]].map((at, i) =>
    times.place(
      at.map((it) => it * frame),
      i === 0,
    ),
  );
  for (const [i, fragment] of fragments.entries()) {
    const before = fragments[i - 1];
    if (before) expect(fragment.decodeTime).toBe(decoded(before).at(-1));
    for (const duration of fragment.durations) expect(duration).toBeGreaterThan(0);
  }
  // Each picture is shown at the right time.
  expect(fragments.map(({ shown }) => shown.map((ticks) => ticks / frame))).toEqual([
    ...[[0, 1], [2.5], [3], [13, 14], [14.2]],
  ]);
  expect(fragments.at(-1)!.decodeTime + fragments.at(-1)!.compositionOffsets[0]!).toBe(14.2 * frame);
});

test('at a keyframe after a long gap, decode times are set right', () => {
  const times = make();
  times.place([0, frame], true);
  const late = times.place([90_000 * 20], false);
  expect(late.decodeTime).toBe(2 * frame);
  const start = times.place([90_000 * 21], true);
  expect([start.decodeTime, start.compositionOffsets[0]]).toEqual([90_000 * 21, 0]);
});

test('pictures that are shown in another order are decoded in the order in which they came', () => {
  const times = make();
  const { shown, compositionOffsets, ...rest } = times.place(
    [0, 3, 1, 2].map((i) => i * frame),
    true,
  );
  expect(decoded(rest)).toEqual([0, 1, 2, 3, 4].map((i) => i * frame));
  expect(compositionOffsets).toEqual([0, 2, -1, -1].map((i) => i * frame));
  expect(shown).toEqual([0, 3, 1, 2].map((i) => i * frame));
});

test('no picture is shown before one of an earlier fragment, even if timestamps go back', () => {
  const times = make();
  times.place([0, 5 * frame], true);
  const next = times.place([2 * frame, 2 * frame], false);
  expect(next.shown[0]).toBeGreaterThan(5 * frame);
  for (const duration of next.durations) expect(duration).toBeGreaterThan(0);
});

test('pictures from before a keyframe end with it', () => {
  const times = make();
  const { decodeTime, durations } = times.place([0, 20_000], true, 24_000);
  expect(decoded({ decodeTime, durations }).at(-1)).toBe(24_000);
});
