// How a clip is cut into parts while its final length is unknown.
import { expect, test } from 'vitest';
import { layoutAhead, layoutOf, leastPartBytes, partsOf } from '../../src/finishing/upload-layout.ts';
import { clipFrame, fastStartHead } from '../../src/mp4/fast-start.ts';
import { SampleIndex } from '../../src/mp4/sample-index.ts';
import { formatOf } from '../../src/mp4/track-format.ts';
import type { SpoolContents } from '../../src/spool/reader.ts';
import { builtInit } from '../support/media/built-init.ts';
import { encodedVideo } from '../support/media/encoded.ts';
import { split } from '../support/media/fragmented.ts';
import { syntheticMoof } from '../support/media/moofs.ts';

const Mib = 1024 * 1024;
const { bytes } = await encodedVideo('-c:v libx264 -preset veryfast -pix_fmt yuv420p');
const format = formatOf(split(bytes).init.tracks[0]!);
const init = builtInit([{ id: 1, timescale: 90_000, format }]);

/**
 * This many seconds of 16 pictures each, in fragments of half a second. `jitter` makes the pictures' durations differ.
 */
function contentsOf(seconds: number, bytesPerSec: number, jitter = 0): SpoolContents {
  const index = new SampleIndex(init);
  const size = Math.round(bytesPerSec / 16);
  for (let half = 0; half < seconds * 2; half++) {
    const samples = Array.from({ length: 8 }, (_, i): [number, number] => [
      5_625 + (i % 2 ? jitter : -jitter),
      size,
    ]);
    index.add(syntheticMoof({ trackId: 1, decodeTime: half * 45_000, samples }), size * 8);
  }
  return { init, index, payloads: [], hasHole: false, wholeBytes: 0, tornBytes: 0 };
}

const ahead = (bytesPerSec: number, longestSec: number, jitter = 0) =>
  layoutAhead(contentsOf(0.5, bytesPerSec, jitter), contentsOf(20, bytesPerSec, jitter), longestSec);

test('the head has room for the index of the longest recording, and wastes little', () => {
  for (const jitter of [0, 100]) {
    const { headBytes } = ahead(500_000, 3_600, jitter);
    const needed = fastStartHead(contentsOf(3_600, 500_000, jitter).index).length;
    expect(headBytes).toBeGreaterThanOrEqual(needed);
    expect(headBytes).toBeLessThan(needed * 1.2);
  }
});

test('at most 2 MiB of a head are reserved', () => {
  const now = fastStartHead(contentsOf(20, 500_000, 100).index).length;
  expect(ahead(500_000, 100 * 3_600, 100).headBytes).toBe(now + 2 * Mib);
});

test('parts have 5 MiB, or more if the longest recording would have too many parts', () => {
  expect(ahead(500_000, 10 * 3_600).partBytes).toBe(leastPartBytes);
  const { partBytes } = ahead(2_500_000, 24 * 3_600);
  expect(partBytes % Mib).toBe(0);
  expect(partsOf(2_500_000 * 24 * 3_600 * 1.4, partBytes)!.length).toBeLessThanOrEqual(10_000);
});

test('a clip is cut into equal parts; only the last may be shorter', () => {
  expect(partsOf(12 * Mib, 5 * Mib)).toEqual([
    { number: 1, from: 0, to: 5 * Mib },
    { number: 2, from: 5 * Mib, to: 10 * Mib },
    { number: 3, from: 10 * Mib, to: 12 * Mib },
  ]);
  expect(partsOf(10_000 * 5 * Mib, 5 * Mib)).toHaveLength(10_000);
  expect(partsOf(10_000 * 5 * Mib + 1, 5 * Mib)).toBeUndefined();
});

test('a head has exactly the planned size; an index that does not fit is put after the payload', () => {
  const contents = contentsOf(30, 500_000, 100);
  const fitting = layoutOf(contents).headBytes;
  for (const more of [0, 8, 9, 1_000_000]) {
    const { head, tail } = clipFrame(contents.index, fitting + more);
    expect([head.length, tail.length]).toEqual([fitting + more, 0]);
  }
  // Fewer bytes than a box header cannot be filled.
  for (const less of [1, -1, -7, 1_000]) {
    const { head, tail } = clipFrame(contents.index, fitting - less);
    expect(head.length).toBe(fitting - less);
    expect(tail.toString('latin1', 4, 8)).toBe('moov');
  }
});
