// How reports, long recordings and earlier sessions improve the times of stamps (docs/time.md).
import { expect, test } from 'vitest';
import { SessionClock } from '../../../src/recording/feed/session-clock.ts';
import { stampTime } from '../../../src/recording/feed/track-clock.ts';
import { Placement } from '../../../src/recording/placement.ts';
import {
  type CameraOptions,
  noise,
  type RecordOptions,
  record,
  sent,
} from '../../support/camera/simulated-camera.ts';

const usual = { fromMs: 10_000, toMs: 20_000, preRollMs: 3_000 };

function clipOf(camera: Partial<CameraOptions>, options: Partial<RecordOptions> = {}) {
  const all = { ...usual, ...options };
  return record(sent({ seconds: all.toMs / 1_000 + 10, ...camera }), all);
}

/** Pictures arrive this much later (ms) than the sound of the same time. */
function encodedLate(ms: number) {
  const random = noise(5);
  return (at: number, _: number, kind: string) =>
    at + 30 + random() * 20 + (kind.startsWith('video') ? ms : 0);
}
/** Each track has a connection of its own, so neither waits for the other. */
const apart = { isInOrder: false };

for (const lateMs of [250, 400])
  test(`reports put sound in sync with pictures that arrive ${lateMs} ms late`, () => {
    const { outOfStep, worst } = clipOf({ ...apart, arrival: encodedLate(lateMs) });
    expect(outOfStep).toBeLessThan(50);
    expect(worst).toBeLessThan(30);
    // Without reports, the delay is unknown.
    expect(clipOf({ ...apart, arrival: encodedLate(lateMs), reportEveryMs: 0 }).outOfStep).toBeGreaterThan(
      lateMs - 50,
    );
  });

test('a late first report corrects what was recorded before it', () => {
  const camera = { ...apart, arrival: encodedLate(250), firstReportMs: 18_000 };
  expect(clipOf(camera).outOfStep).toBeLessThan(50);
  expect(clipOf(camera, { fromMs: 0, toMs: 25_000, preRollMs: 0 }).outOfStep).toBeLessThan(50);
});

test('reports stay valid across a jump of the timestamps', () => {
  const clock = (ms: number) => (ms < 13_000 ? ms : ms + 30_000);
  const { outOfStep } = clipOf({ ...apart, arrival: encodedLate(250), videoClock: clock, soundClock: clock });
  expect(outOfStep).toBeLessThan(50);
});

for (const stepMs of [300, -250, 5_000])
  test(`a wall clock that SNTP steps by ${stepMs} ms between the reports of two tracks changes nothing`, () => {
    const ntp = (ms: number) => ms + (ms > 15_300 ? stepMs : 0);
    const { outOfStep, corrections } = clipOf({ ntp }, { toMs: 40_000 });
    expect(outOfStep).toBeLessThan(20);
    expect(corrections).toBe(0);
  });

for (const [what, ntp] of [
  ['2 s ahead', (ms: number, kind: string) => ms + (kind === 'soundReport' ? 2_000 : 0)],
  ['2 s behind', (ms: number, kind: string) => ms - (kind === 'soundReport' ? 2_000 : 0)],
  ['1970', (ms: number, kind: string) => (kind === 'soundReport' ? 0 : ms)],
] as const)
  test(`reports that contradict arrivals are ignored: ${what}`, () => {
    expect(clipOf({ ntp }).outOfStep).toBeLessThan(20);
  });

for (const ppm of [100, -100, 1_000, -1_000])
  test(`a crystal with an error of ${ppm} ppm makes an hour’s clip drift only a little`, () => {
    const clock = (ms: number) => ms * (1 + ppm / 1e6);
    const options = { fromMs: 60_000, toMs: 3_600_000 };
    const { worst, outOfStep, rates } = clipOf(
      { fps: 5, soundMs: 128, videoClock: clock, soundClock: clock },
      { ...options, soundMs: 128 },
    );
    expect(worst).toBeLessThan(50);
    expect(outOfStep).toBeLessThan(50);
    expect(rates).toEqual({ video: 1, sound: 1 });
  });

for (const rate of [0.8, 1.2, 0.95])
  for (const isBoth of [true, false])
    test(`a clock whose rate changes to ${rate}${isBoth ? '' : ' for pictures only'} is followed`, () => {
      const clock = (ms: number) => (ms < 13_000 ? ms : 13_000 + (ms - 13_000) * rate);
      const camera = { videoClock: clock, ...(isBoth && { soundClock: clock }) };
      const { worst } = clipOf(camera, { toMs: 30_000 });
      expect(worst).toBeLessThan(200);
    });

test('a clock whose rate becomes right again is followed', () => {
  const clock = (ms: number) => (ms < 20_000 ? ms * 0.8 : ms - 4_000);
  expect(clipOf({ videoClock: clock }, { fromMs: 30_000, toMs: 40_000 }).worst).toBeLessThan(200);
});

test('the rate learned in one session is used from the first picture of the next', () => {
  const clock = (ms: number) => ms * 0.8;
  const { rates } = clipOf({ videoClock: clock, soundClock: clock });
  expect(rates.video).toBeCloseTo(1.25, 2);
  expect(rates.sound).toBeCloseTo(1.25, 2);
  const next = clipOf(
    { videoClock: clock, soundClock: clock },
    { fromMs: 0, toMs: 700, preRollMs: 0, rates },
  );
  expect(next.worst).toBeLessThan(30);
  // The rate has become right meanwhile.
  expect(clipOf({}, { fromMs: 0, toMs: 8_000, preRollMs: 0, rates }).worst).toBeLessThan(30);
});

test('a new session is placed by its arrivals, and the gap before it is reported', () => {
  const again = {
    fromMs: 15_000,
    session: 1,
    videoClock: (ms: number) => ms + 1e7,
    soundClock: (ms: number) => ms + 2e7,
  };
  const all = [...sent({ seconds: 12 }), ...sent({ seconds: 20, ...again })];
  const { worst, outOfStep, gaps } = record(all, usual);
  expect(worst).toBeLessThan(30);
  expect(outOfStep).toBeLessThan(50);
  expect(gaps).toHaveLength(1);
  expect(gaps[0]!.to - gaps[0]!.from).toBeCloseTo(3_000, -2);
});

test('samples of a camera with a right clock have exactly the durations of their timestamps', () => {
  const { file, corrections } = clipOf({ fps: 15 });
  expect(new Set(file.flatMap(({ times }) => times.pictures.durations))).toEqual(new Set([6_000]));
  expect(new Set(file.flatMap(({ times }) => times.sound.durations))).toEqual(new Set([1_024]));
  expect(corrections).toBe(0);
});

test('trusted timestamps are kept unchanged, on one scale for all tracks', () => {
  const session = new SessionClock({ isTrusted: true });
  const video = session.track(90_000, 'video');
  const sound = session.track(16_000, 'sound');
  // Pictures arrive 300 ms later than sound, and their timestamps jump by 10 s.
  const taken = [0, 0.5, 1, 11, 11.5].map((sec) => {
    const seen = video.note({ timestamp: sec * 90_000, arrivedAt: sec * 1_000 + 330 });
    const heard = sound.note({ timestamp: sec * 16_000, arrivedAt: sec * 1_000 + 30 });
    return { sec, seen, heard };
  });
  for (const { sec, seen, heard } of taken) {
    expect(stampTime(seen)).toBeCloseTo(sec * 1_000 + 30, 6);
    expect(stampTime(heard)).toBeCloseTo(sec * 1_000 + 30, 6);
  }
});

test('a recording continues after the footage that an earlier run recorded', () => {
  const video = new SessionClock().track(90_000, 'video');
  const placement = new Placement({ pictures: 90_000, sound: 16_000 }, { originMs: -60_000, endMs: -50_000 });
  const pictures = [0, 1, 2].map((i) => video.note({ timestamp: i * 6_000, arrivedAt: (i * 1_000) / 15 }));
  const { times, gap } = placement.place({ pictures, mayReorder: false, sound: [], next: undefined }, 0);
  expect(times.pictures).toEqual({
    ...{ decodeTime: 60 * 90_000, durations: [6_000, 6_000, 6_000], compositionOffsets: [0, 0, 0] },
  });
  expect(gap).toEqual({ from: -50_000, to: 0 });
  expect(placement.originMs).toBe(-60_000);
});

test('a picture before a missing one is shown no longer before it is decoded than others', () => {
  const video = new SessionClock().track(90_000, 'video');
  const placement = new Placement({ pictures: 90_000, sound: 16_000 });
  const intervalMs = 1_000 / 15;
  // In decode order: each picture that the next one refers to, then the two that are shown before it.
  const stamps = [0, 3, 1, 2, 6, 4, 5, 9, 7].map((shown, i) =>
    video.note({ timestamp: shown * 6_000, arrivedAt: (i + 3) * intervalMs }),
  );
  const [next] = stamps.slice(5);
  const common = { mayReorder: true, sound: [] };
  placement.place({ ...common, pictures: stamps.slice(0, 4), next }, 0);
  placement.place({ ...common, pictures: stamps.slice(4, 7), next: stamps[8] }, 1);
  // The camera stops before the picture that would be shown eighth.
  const { times } = placement.place({ ...common, pictures: stamps.slice(7), next: undefined }, 2);
  expect(times.pictures).toEqual({
    ...{ decodeTime: 7 * 6_000, durations: [6_000, 18_000], compositionOffsets: [12_000, -6_000] },
  });
});
