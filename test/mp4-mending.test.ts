import { expect, test } from 'vitest';
import { mendBeginning } from '../src/mp4/beginning.ts';
import { box, u32 } from '../src/mp4/boxes.ts';
import { type Fragment, parseFragment } from '../src/mp4/fragment.ts';
import type { Track } from '../src/mp4/init-segment.ts';
import { moofOf } from '../src/mp4/moof.ts';
import { pictureFirst } from '../src/mp4/picture-first.ts';
import { retime, sampleTimes, stretched } from '../src/mp4/retime.ts';

const track = (id: number, kind: Track['kind'], timescale: number): Track => ({
  ...{ id, kind, timescale, codec: '', presentationShift: 0, sampleDescription: Buffer.alloc(0) },
  defaults: { duration: 0, size: 0, flags: 0 },
});
const video = track(1, 'video', 90_000);
const audio = track(2, 'audio', 16_000);
const tracks = [video, audio];

/** A fragment of samples of four bytes, which hold their number; each track's begin where the other's end. */
function fragmentOf(
  runs: readonly { track: Track; decodeTime: number; durations: number[]; offsets?: number[] }[],
): Fragment {
  let position = 0;
  const parts = runs.map(({ track, decodeTime, durations, offsets = [] }) => {
    const samples = durations.map((duration, i) => ({
      ...{ size: 4, duration, compositionOffset: offsets[i] ?? 0, isSync: i === 0 },
    }));
    const chunk = { position, samples };
    position += 4 * samples.length;
    return { track, decodeTime, decodeTimeAt: 0, decodeTimeVersion: 1, chunks: [chunk] };
  });
  const numbers = Array.from({ length: position / 4 }, (_, i) => i);
  return parseFragment(moofOf(parts, 8), [box('mdat', u32(...numbers))], tracks);
}
const times = (fragment: Fragment, { id }: Track) => sampleTimes(fragment, tracks).get(id);

test('the first picture of a session that came late lasts as long as the others and ends where it ended', () => {
  const sound = { track: audio, decodeTime: 0, durations: [1024, 1024] };
  const late = fragmentOf([{ track: video, decodeTime: 0, durations: [84_000], offsets: [4_000] }, sound]);
  const next = fragmentOf([{ track: video, decodeTime: 84_000, durations: [6_000, 6_000, 10_000] }]);
  const [first, second] = mendBeginning([late, next], tracks);
  expect(times(first!, video)).toEqual({
    ...{ decodeTime: 78_000, durations: [6_000], compositionOffsets: [4_000] },
  });
  expect(first!.end).toBe(late.end);
  expect(times(first!, audio)).toEqual(times(late, audio));
  expect(second).toBe(next);
});

test('where a later picture is the one that lasts too long and is shown at the end of that, all before it are late', () => {
  const late = fragmentOf([
    { track: video, decodeTime: 0, durations: [6_000, 6_000, 94_000], offsets: [0, 88_000, 88_000] },
    { track: audio, decodeTime: 0, durations: [1_024, 1_024] },
  ]);
  const next = fragmentOf([{ track: video, decodeTime: 106_000, durations: [6_000, 6_000, 6_000] }]);
  const [first] = mendBeginning([late, next], tracks);
  expect(times(first!, video)).toEqual({
    ...{ decodeTime: 88_000, durations: [6_000, 6_000, 6_000], compositionOffsets: [0, 0, 0] },
  });
  expect(first!.end).toBe(late.end);
});

test('a pause behind the second picture is not taken for that', () => {
  const pause = fragmentOf([
    {
      track: video,
      decodeTime: 0,
      durations: [6_000, 94_000, 6_000, 6_000],
      offsets: [6_000, 18_000, 6_000, 0],
    },
  ]);
  expect(times(mendBeginning([pause], tracks)[0]!, video)).toEqual(times(pause, video));
});

test('a first sample of the usual length stays as it is', () => {
  const whole = fragmentOf([{ track: video, decodeTime: 0, durations: [6_000, 6_000, 6_000] }]);
  const [first] = mendBeginning([whole], tracks);
  expect(times(first!, video)).toEqual(times(whole, video));
});

test('a later fragment is not taken for the beginning, however long its first sample', () => {
  const later = fragmentOf([{ track: video, decodeTime: 90_000, durations: [60_000, 6_000, 6_000] }]);
  expect(mendBeginning([later], tracks)).toEqual([later]);
});

test('stretched times fill their new length to the tick, and keep keyframes, sizes and payload', () => {
  const before = fragmentOf([
    { track: video, decodeTime: 900, durations: [7_200, 7_200, 7_201], offsets: [7_200, 0, 14_400] },
    { track: audio, decodeTime: 160, durations: [1229, 1229, 1228] },
  ]);
  const after = retime(before, tracks, (it) => stretched(it, 1 / 1.2, it.decodeTime / 1.2));
  expect(times(after, video)).toEqual({
    ...{ decodeTime: 750, durations: [6_000, 6_000, 6_001], compositionOffsets: [6_000, 0, 12_000] },
  });
  expect(times(after, audio)?.durations).toEqual([1024, 1024, 1024]);
  expect(after.mdat).toBe(before.mdat);
  expect(after.startsWithKeyframe).toBe(true);
});

test('sound before the first picture is left out with its payload, the rest keeps its place', () => {
  const before = fragmentOf([
    { track: audio, decodeTime: 0, durations: [1024, 1024, 1024, 1024] },
    // Shown at 0.1 s, which is in the middle of the second sample of the sound.
    { track: video, decodeTime: 3_000, durations: [6_000, 6_000], offsets: [6_000, 0] },
  ]);
  const after = pictureFirst(before, tracks);
  expect(times(after, audio)).toMatchObject({ decodeTime: 2048, durations: [1024, 1024] });
  expect(times(after, video)).toEqual(times(before, video));
  expect(after.mdat).toEqual([box('mdat', u32(2, 3, 4, 5))]);
});
