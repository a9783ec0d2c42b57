// The times in a clip are those at which pictures were taken, whatever a camera's clocks do (docs/time.md).
import { expect, test } from 'vitest';
import {
  type CameraOptions,
  noise,
  type RecordOptions,
  record,
  sent,
} from '../../support/camera/simulated-camera.ts';

interface Row extends Partial<RecordOptions> {
  readonly camera: Omit<CameraOptions, 'seconds'>;
  /** How wrong the time of a picture may be, and how far sound may be from the pictures (ms). */
  readonly worst?: number;
  readonly outOfStep?: number;
}

const usual = { fromMs: 10_000, toMs: 20_000, preRollMs: 3_000 };
const cold = { fromMs: 0, toMs: 8_000, preRollMs: 0 };

/** Whether all of the clip's pictures are there, in order, and none is too short for players. */
function expectClip({ camera, worst = 30, outOfStep = 50, ...asked }: Row) {
  const options = { ...usual, ...asked };
  const all = sent({ seconds: (options.toMs + 10_000) / 1_000, ...camera });
  const clip = record(all, { ...options, ...(camera.soundMs !== undefined && { soundMs: camera.soundMs }) });
  expect(clip.worst).toBeLessThan(worst);
  expect(clip.outOfStep).toBeLessThan(outOfStep);
  expect(clip.shortest).toBeGreaterThanOrEqual(4.9);
  expect(clip.gaps).toEqual([]);
  expect(clip.pictures.length).toBe(clip.sentInAll);
  expect(clip.reach).toBeGreaterThan(options.toMs - 2 * clip.longest - 1_000);
  return clip;
}

/** A delay of 30 ms, and up to `ms` more. */
function jitter(ms: number, seed = 3) {
  const random = noise(seed);
  return (at: number) => at + 30 + random() * ms;
}
/** From then on nothing arrives for this long; then everything arrives at once. */
function pause(fromMs: number, ms: number) {
  const usually = jitter(20);
  return (at: number) => {
    const arrival = usually(at);
    return arrival >= fromMs && arrival < fromMs + ms ? fromMs + ms : arrival;
  };
}
const leap = (atMs: number, by: number) => (ms: number) => (ms >= atMs ? ms + by : ms);
const both = (clock: (ms: number, i: number) => number) => ({ videoClock: clock, soundClock: clock });
/** The camera's backlog arrives at once. */
const burst = (keptMs: number) => (at: number) => Math.max(keptMs, at) + 30;
const random = noise(4);
const varied = Array.from({ length: 400 }, () => 0);
varied.forEach((_, i) => {
  varied[i] = (varied[i - 1] ?? 0) + 40 + random() ** 3 * 1_500;
});

/** The presentation times of nine pictures, in decode order. */
const deep = [0, 8, 4, 2, 1, 3, 6, 5, 7];

const rows: Record<string, Row> = {
  'nothing unusual': { camera: {} },
  'jitter of 100 ms': { camera: { arrival: jitter(100) } },
  'jitter of 100 ms, 2 pictures a second': { camera: { fps: 2, arrival: jitter(100) } },
  'keyframes that take 300 ms longer': {
    camera: { arrival: (at, i, kind) => at + 30 + (kind === 'video' && i % 15 === 0 ? 300 : 0) },
  },
  'a machine that pauses for 3 s': { camera: { arrival: pause(12_000, 3_000) } },
  'a machine that pauses for 3 s at the end of the clip': { camera: { arrival: pause(18_500, 3_000) } },
  'a machine that pauses for 3 s at the beginning of a session': {
    ...{ ...cold, camera: { arrival: pause(1_000, 3_000) } },
  },
  'a network that is 0.5 s late for 4 s': {
    camera: { arrival: (at) => at + 30 + (at > 12_000 && at < 16_000 ? 500 : 0) },
  },
  'a network that gets later and later for 4 s': {
    camera: { arrival: (at) => at + 30 + (at > 12_000 && at < 16_000 ? (at - 12_000) * 0.2 : 0) },
  },
  '4 s that the camera had kept, at once': { ...cold, camera: { arrival: burst(4_000) } },
  '4 s that the camera had kept, one second of them recorded': {
    ...{ ...cold, toMs: 4_500, camera: { arrival: burst(4_000) } },
  },
  '4 s that the camera had kept, at ten times their pace': {
    ...{ ...cold, camera: { arrival: (at) => Math.max(4_000 + at * 0.1, at) + 30 } },
  },
  'a jump after the first keyframe of a session': { ...cold, camera: both(leap(1, 30_000)) },
  'a jump in a pause of the machine': {
    camera: { arrival: pause(12_000, 3_000), ...both(leap(13_000, 30_000)) },
  },
  'a jump back in a pause of the machine': {
    camera: { arrival: pause(12_000, 3_000), ...both(leap(13_000, -30_000)) },
  },
  'a jump between two reports': {
    camera: { ...both(leap(13_000, 30_000)), arrival: jitter(20), reportEveryMs: 5_000 },
  },
  'a clock that stood still for 3 s, with the camera': {
    ...{ worst: 100, outOfStep: 1 },
    camera: {
      ...{ soundMs: 0, videoClock: (_, i) => (i * 1_000) / 15 },
      takenMs: Array.from({ length: 450 }, (_, i) => (i * 1_000) / 15 + (i > 200 ? 3_000 : 0)),
    },
  },
  'two stray stamps in a row': { camera: { videoClock: (ms, i) => ms + (i % 30 < 2 ? 10_000 : 0) } },
  'stray stamps of sound': { camera: { soundClock: (ms, i) => ms + (i % 30 === 7 ? 10_000 : 0) } },
  'stray stamps in a pause of the machine': {
    ...{ worst: 100, outOfStep: 100 },
    camera: { arrival: pause(12_000, 3_000), videoClock: (ms, i) => ms + (i % 30 === 7 ? 10_000 : 0) },
  },
  'stamps of two senders on one channel': { camera: { videoClock: (ms, i) => ms + (i % 2 ? 1e6 : 0) } },
  'stamps that say nothing': { camera: { videoClock: () => random() * 1e9 } },
  'stamps of sound that say nothing': { camera: { soundClock: () => random() * 1e9 } },
  'the same stamp always': { camera: { videoClock: () => 77 } },
  'a first stamp of 1970': { ...cold, camera: { videoClock: (ms, i) => (i === 0 ? 5 : ms + 1e8) } },
  'stamps that wrap around': {
    camera: {
      videoClock: (ms) => ms + 2 ** 32 / 90 - 12_000,
      soundClock: (ms) => ms + 2 ** 32 / 16 - 13_000,
    },
  },
  'pictures as the camera likes': { camera: { takenMs: varied, soundMs: 0 } },
  'pictures as the camera likes, and a jump': {
    camera: { takenMs: varied, soundMs: 0, videoClock: leap(13_000, 30_000) },
  },
  'B-frames': {
    ...{ worst: 1, mayReorder: true },
    camera: {
      ...{ soundMs: 0, arrival: (_, i) => (i * 1_000) / 15 + 150 },
      takenMs: Array.from({ length: 450 }, (_, i) => ([0, 3, 1, 2][i % 4]! + i - (i % 4)) * (1_000 / 15)),
    },
  },
  'a pyramid of B-frames': {
    ...{ worst: 1, mayReorder: true },
    camera: {
      ...{ soundMs: 0, arrival: (_, i) => i * 40 + 400 },
      takenMs: Array.from({ length: 747 }, (_, i) => (deep[i % 9]! + i - (i % 9)) * 40),
    },
  },
  'a pyramid of B-frames that becomes deeper in the recording': {
    ...{ ...cold, worst: 1, mayReorder: true },
    camera: {
      ...{ soundMs: 0, arrival: (_, i) => i * 40 + 400 },
      takenMs: Array.from(
        { length: 747 },
        (_, i) => ((i < 90 ? [0, 1, 2, 5, 4, 3, 8, 6, 7] : deep)[i % 9]! + i - (i % 9)) * 40,
      ),
    },
  },
  'B-frames from the first picture on': {
    ...{ ...cold, worst: 1, mayReorder: true },
    camera: {
      ...{ soundMs: 0, arrival: (_, i) => (i * 1_000) / 15 + 150 },
      takenMs: Array.from({ length: 450 }, (_, i) => ([0, 3, 1, 2][i % 4]! + i - (i % 4)) * (1_000 / 15)),
    },
  },
  'sound in units of 128 ms': { camera: { soundMs: 128 } },
  'sound in units of 20 ms': { camera: { soundMs: 20 } },
  'sound that joins later': { camera: { soundFromMs: 13_000 } },
  'sound for a while': { camera: { soundFromMs: 12_000, soundToMs: 15_000 } },
};
for (const fps of [2, 1, 0.5, 0.2]) {
  const long = { fromMs: 40_000, toMs: 70_000, preRollMs: 5_000 };
  rows[`${fps} pictures a second`] = { ...long, camera: { fps } };
  rows[`${fps} pictures a second, of which the camera had kept 20 s`] = {
    ...{ ...cold, toMs: 70_000, camera: { fps, arrival: burst(20_000), soundFromMs: 20_000 } },
  };
  rows[`${fps} pictures a second, and a leap ahead`] = {
    ...long,
    camera: { fps, ...both(leap(52_000, 30_000)) },
  };
  rows[`${fps} pictures a second, and a leap back`] = {
    ...long,
    camera: { fps, ...both(leap(52_000, -3_000)) },
  };
}
for (const by of [30_000, 3_600_000, -600_000, 2_000, -2_000, 400, -400, 250, -250])
  for (const fps of [15, 2]) {
    const what = `a leap of ${by / 1_000} s at ${fps} pictures a second`;
    rows[what] = { camera: { fps, ...both(leap(13_250, by)) } };
    rows[`${what}, of pictures alone`] = { camera: { fps, videoClock: leap(13_250, by) } };
    rows[`${what}, of sound alone`] = { camera: { fps, soundClock: leap(13_250, by) } };
  }
for (const by of [30_000, -30_000, -600_000, 700, -700, 300, -300])
  rows[`a stray stamp of ${by / 1_000} s every 2 s`] = {
    // A small step back may be a B-frame, so the picture stays with the previous one.
    ...(by === -300 && { worst: 100, outOfStep: 100 }),
    camera: { videoClock: (ms, i) => ms + (i % 30 === 7 ? by : 0) },
  };
for (const rate of [0.8, 1.2])
  for (const [toMs, fromMs, preRollMs] of [
    [700, 0, 0],
    [1_500, 0, 0],
    [2_500, 0, 0],
    [5_000, 0, 0],
    [40_000, 0, 0],
    [9_000, 3_000, 3_000],
    [70_000, 60_000, 5_000],
  ] as const)
    for (const reportEveryMs of [0, 5_000]) {
      const what = `a clock at ${rate}, recorded from ${fromMs} to ${toMs} ms, reports every ${reportEveryMs} ms`;
      // Within the first second, the rate cannot be known.
      const limits = toMs < 1_000 ? { worst: 200, outOfStep: 200 } : {};
      const asked = { ...limits, fromMs, toMs, preRollMs };
      const clock = (ms: number) => ms * rate;
      rows[what] = { ...asked, camera: { reportEveryMs, ...both(clock) } };
      rows[`${what}, of pictures alone`] = { ...asked, camera: { reportEveryMs, videoClock: clock } };
      rows[`${what}, of sound alone`] = { ...asked, camera: { reportEveryMs, soundClock: clock } };
    }
for (const rate of [0.8, 1.2, 0.9, 1.05])
  for (const fps of [2, 5])
    rows[`a clock at ${rate}, ${fps} pictures a second and jitter of 60 ms`] = {
      ...{ ...cold, toMs: 12_000, camera: { fps, videoClock: (ms) => ms * rate, arrival: jitter(60) } },
    };

for (const [what, row] of Object.entries(rows)) test(what, () => void expectClip(row));

test('timestamps are kept exactly while the least delay varies by less than 20 ms', () => {
  // The least delay is that of the last 12 s.
  const arrival = (at: number) => at + 30 + (Math.floor(at / 20_000) % 2) * 15;
  const { pictures } = expectClip({ fromMs: 10_000, toMs: 90_000, camera: { arrival } });
  for (const { takenMs, clipMs } of pictures)
    expect(clipMs - pictures[0]!.clipMs).toBeCloseTo(takenMs - pictures[0]!.takenMs, 1);
});
