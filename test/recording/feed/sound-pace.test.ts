import { expect, test } from 'vitest';
import { SoundPace } from '../../../src/recording/feed/sound-pace.ts';

const frame = 1024;

/** When (ms) frames that come every 64 ms were found wrong by a track with that clock rate. */
function foundAt(clockRate: number, frames: number, arrivalOf = (i: number) => i * 64): number | undefined {
  const pace = new SoundPace(clockRate, false);
  // The timestamps wrap around within the first second.
  const first = 2 ** 32 - 5 * frame;
  for (let i = 0; i < frames; i++) {
    const timestamp = (first + i * frame) >>> 0;
    if (pace.isWrong({ timestamp, arrivedAt: arrivalOf(i), duration: frame })) return arrivalOf(i);
  }
  return undefined;
}

test.each([16_000, 13_000, 20_000])('sound of 16 kHz described with %i Hz counts as right', (clockRate) => {
  expect(foundAt(clockRate, 300)).toBeUndefined();
});

test.each([44_100, 24_000, 11_025, 8_000])(
  'sound of 16 kHz described with %i Hz is wrong after 6 s',
  (rate) => {
    expect(foundAt(rate, 300)).toBeGreaterThanOrEqual(6_000);
    expect(foundAt(rate, 300)).toBeLessThan(6_200);
  },
);

test('neither a pause of the network, nor buffered frames, nor silence between frames make it wrong', () => {
  expect(foundAt(16_000, 300, (i) => (i > 60 && i < 120 ? 120 : i) * 64)).toBeUndefined();
  expect(foundAt(16_000, 300, (i) => Math.max(100, i) * 64)).toBeUndefined();
  const pace = new SoundPace(16_000, false);
  for (let i = 0; i < 30; i++) {
    const arrivedAt = i * 1_000;
    expect(pace.isWrong({ timestamp: i * 16_000, arrivedAt, duration: frame })).toBe(false);
  }
});

test('what an earlier session has found stays until the sound is right', () => {
  const pace = new SoundPace(16_000, true);
  const states = Array.from({ length: 120 }, (_, i) =>
    pace.isWrong({ timestamp: i * frame, arrivedAt: i * 64, duration: frame }),
  );
  expect(states[0]).toBe(true);
  expect(states.at(-1)).toBe(false);
});
