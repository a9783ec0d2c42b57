import { describe, expect, test } from 'vitest';
import { cutsOf, ReorderDepth } from '../../src/mp4/decode-order.ts';
import { encodedVideo, presentationTimes } from '../support/media/encoded.ts';
import { randomNumbers } from '../support/random.ts';

/**
 * The presentation times of a GOP's pictures in decoding order: an I picture, then P pictures and the B pictures before
 * them.
 */
function pyramid(begin: number, anchors: number, between: number): number[] {
  const shown = [begin];
  for (let i = 0, last = begin; i < anchors; i++, last += between + 1) {
    shown.push(last + between + 1);
    shown.push(...middle(last, last + between + 1));
  }
  return shown;
}

/** The pictures between two that are decoded before them, beginning with the middle one. */
function middle(from: number, to: number): number[] {
  if (to - from < 2) return [];
  const at = Math.floor((from + to) / 2);
  return [at, ...middle(from, at), ...middle(at, to)];
}

const sorted = (times: readonly number[]) => [...times].sort((a, b) => a - b);
const trueDepth = (shown: readonly number[]) =>
  Math.max(0, ...shown.map((at, i) => shown.slice(0, i).filter((other) => other > at).length));
const trueCuts = (shown: readonly number[]) =>
  shown.map((_, i) => i + 1).filter((n) => Math.max(...shown.slice(0, n)) < Math.min(...shown.slice(n)));

const streams: Record<string, number[]> = {
  'no B-frames': pyramid(0, 12, 0),
  'one B-frame': [...pyramid(0, 6, 1), ...pyramid(13, 6, 1)],
  'three B-frames in a pyramid': [...pyramid(0, 4, 3), ...pyramid(17, 4, 3)],
  'seven B-frames in a pyramid': [...pyramid(0, 3, 7), ...pyramid(25, 3, 7)],
  // B pictures after the I picture of the next GOP that are presented before it.
  'an open GOP': [0, 3, 1, 2, 6, 4, 5, 9, 7, 8, 12, 10, 11],
  'B-frames now and then': [...pyramid(0, 8, 0), ...pyramid(9, 2, 3), ...pyramid(18, 6, 0)],
};

describe('decoding order', () => {
  test.for(Object.entries(streams))('%s: the reordering is learned', ([, shown]) => {
    const learned = new ReorderDepth();
    for (const at of shown) learned.note(at);
    expect(learned.depth).toBe(trueDepth(shown));
    learned.restart();
    learned.note(-1000);
    expect(learned.depth).toBe(trueDepth(shown));
  });

  test.for(Object.entries(streams))('%s: a cut is found as soon as it is certain', ([, shown]) => {
    const depth = trueDepth(shown);
    const sure = trueCuts(shown);
    for (let count = 0; count <= shown.length; count++) {
      expect(cutsOf(shown.slice(0, count), depth)).toEqual(sure.filter((cut) => cut + depth <= count));
    }
  });

  test.for(Object.entries(streams))('%s: parts have the decode times of the whole', ([, shown]) => {
    const cuts = [0, ...cutsOf(shown, trueDepth(shown)), shown.length];
    const inRuns = cuts.slice(1).flatMap((cut, i) => sorted(shown.slice(cuts[i], cut)));
    expect(inRuns).toEqual(sorted(shown));
  });

  test('what ffmpeg encodes with a pyramid is cut between its reference pictures', async () => {
    const x264 = '-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 12 -bf 3 -b_strategy 0';
    const shown = presentationTimes(await encodedVideo(x264));
    expect(cutsOf(shown, trueDepth(shown))).toEqual([1, 5, 9]);
  });

  test('random streams of a known reorder depth are never cut at a wrong place', () => {
    const random = randomNumbers(7);
    const wrong: unknown[] = [];
    for (let round = 0; round < 1000; round++) {
      const shown = Array.from({ length: 12 }, (_, i) => i + Math.floor(random() * 4) + i / 100);
      const [depth, sure] = [trueDepth(shown), trueCuts(shown)];
      for (let count = 1; count < shown.length; count++) {
        const cuts = cutsOf(shown.slice(0, count), depth);
        if (cuts.some((cut) => !sure.includes(cut))) wrong.push({ shown, count, cuts });
      }
    }
    expect(wrong).toEqual([]);
  });
});
