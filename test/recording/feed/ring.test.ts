// How far back the ring reaches, and which units it passes to a recording.
import { expect, test } from 'vitest';
import { type FeedUnit, timeOf } from '../../../src/recording/feed/feed-unit.ts';
import { Ring } from '../../../src/recording/feed/ring.ts';
import { unitMaker } from '../../support/media/units.ts';

const frameMs = 1_000 / 15;
const unlimited = () => Number.POSITIVE_INFINITY;
const isKeyframe = ({ format, isSync }: FeedUnit) => format.kind === 'video' && isSync;

/** Pictures from 0 to `untilMs` with a keyframe every `gopSec`. */
function fill(ring: Ring, gopSec: number, untilMs: number, bytes = 100): boolean {
  const units = unitMaker(bytes);
  let wasCut = false;
  for (let i = 0; i * frameMs <= untilMs; i++) {
    wasCut = ring.push(units.picture(i * frameMs, i % (gopSec * 15) === 0)) || wasCut;
  }
  return wasCut;
}

for (const gopSec of [1, 2, 4, 10])
  test(`it reaches a minute back with a keyframe every ${gopSec} s, and no farther than needed`, () => {
    const ring = new Ring({ seconds: 62, maxBytes: unlimited });
    const endMs = 150_000;
    fill(ring, gopSec, endMs);
    expect(ring.isFull).toBe(true);
    expect(ring.heldSeconds).toBeLessThanOrEqual(62 + gopSec);

    const since = endMs - 60_000;
    const held = ring.from(since);
    expect(isKeyframe(held[0]!)).toBe(true);
    expect(timeOf(held[0]!)).toBeLessThanOrEqual(since + 1);
    expect(timeOf(held[0]!)).toBeGreaterThan(since - gopSec * 1_000 - 1);
    for (const [i, unit] of held.entries())
      expect(timeOf(unit)).toBeCloseTo(timeOf(held[0]!) + i * frameMs, 3);
    expect(timeOf(held.at(-1)!)).toBeCloseTo(endMs, 3);
  });

test('a ring that is not full yet returns everything from its oldest keyframe on', () => {
  const ring = new Ring({ seconds: 62, maxBytes: unlimited });
  fill(ring, 2, 5_000);
  expect(ring.isFull).toBe(false);
  expect(ring.from(-10_000)).toHaveLength(76);
});

test('at its limit in bytes it drops whole keyframe intervals, and reports that', () => {
  const ring = new Ring({ seconds: 20, maxBytes: () => 10_000 });
  expect(fill(ring, 2, 10_000, 200)).toBe(true);
  expect(ring.bytes).toBeLessThanOrEqual(10_000);
  expect(isKeyframe(ring.from(0)[0]!)).toBe(true);
});

test('without a keyframe it keeps and returns nothing', () => {
  const ring = new Ring({ seconds: 10, maxBytes: unlimited });
  const units = unitMaker();
  for (let i = 0; i < 30; i++) {
    ring.push(units.picture(i * frameMs, false));
    ring.push(units.sound(i * frameMs));
  }
  expect([ring.bytes, ring.from(0).length, ring.newestKeyframe()]).toEqual([0, 0, undefined]);
});

test('sound that arrived before the keyframe of the same time is returned with it', () => {
  const ring = new Ring({ seconds: 10, maxBytes: unlimited });
  const units = unitMaker();
  ring.push(units.picture(0, true));
  // Sound is 200 ms ahead of the pictures on the network.
  for (let at = 0; at < 1_000; at += 64) ring.push(units.sound(at, at - 200));
  ring.push(units.picture(500, true));
  const given = ring.from(500).map((unit) => [unit.format.kind, timeOf(unit)]);
  expect(given.at(-1)).toEqual(['video', 500]);
  expect(given.filter(([kind]) => kind === 'sound').every(([, time]) => Number(time) >= 500)).toBe(true);
  expect(given.length).toBeGreaterThan(3);
});

test('memory of dropped units is reused', () => {
  const ring = new Ring({ seconds: 1, maxBytes: unlimited });
  fill(ring, 1, 60_000, 20_000);
  const pieces = new Set(ring.from(0).flatMap(({ footage }) => footage.pieces));
  expect([...pieces].every(({ holders }) => holders > 0)).toBe(true);
  const [oldest] = ring.from(0);
  ring.clear();
  expect(oldest!.footage.pieces.every(({ holders }) => holders === 0)).toBe(true);
});

test('with intra refresh it begins early enough for every picture of the pre-roll to be right', () => {
  const ring = new Ring({ seconds: 5, maxBytes: unlimited });
  const units = unitMaker();
  const recoveryPictures = 14;
  for (let i = 0; i <= 15 * 15; i++)
    ring.push({ ...units.picture(i * frameMs, i % 15 === 0), recoveryPictures });
  const [first, second] = ring.from(10_900).filter(isKeyframe);
  // The pictures from 10.93 s on are right if a decoder begins at 10 s.
  expect([timeOf(first!), timeOf(second!)]).toEqual([expect.closeTo(9_000, 0), expect.closeTo(10_000, 0)]);
  expect(timeOf(ring.from(10_940)[0]!)).toBeCloseTo(10_000, 0);
  // The ring still holds what a pre-roll of its whole length needs.
  const oldest = ring.from(0)[0]!;
  expect(timeOf(oldest) + recoveryPictures * frameMs).toBeLessThanOrEqual(10_000);
  expect(timeOf(oldest)).toBeGreaterThan(10_000 - 2_001);
});

test('a keyframe ends the wait for an intra refresh, and an impossible recovery point is not waited for', () => {
  for (const recoveryPictures of [14, 65_535]) {
    const ring = new Ring({ seconds: 2, maxBytes: unlimited });
    const units = unitMaker();
    for (let i = 0; i <= 20 * 15; i++) {
      const unit = units.picture(i * frameMs, i % 10 === 0);
      ring.push({ ...unit, recoveryPictures: i % 20 === 0 ? 0 : recoveryPictures });
    }
    expect(ring.heldSeconds).toBeLessThan(4);
  }
});
