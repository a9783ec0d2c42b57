// Decode times are the sorted presentation times, so some pictures are presented before they are "decoded". Browsers
// must accept that.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildMoof } from '../../src/mp4/build-moof.ts';
import { cutsOf } from '../../src/mp4/decode-order.ts';
import { unitsOf } from '../../src/mp4/fragment-units.ts';
import { formatOf } from '../../src/mp4/track-format.ts';
import { browserMissing, launchBrowser } from '../support/browser/browser.ts';
import { builtInit } from '../support/media/built-init.ts';
import { encodedVideo } from '../support/media/encoded.ts';
import { split, writeClip } from '../support/media/fragmented.ts';

const timescale = 90_000;
const depth = 2;

/** Twenty-four pictures at 24 per second with a pyramid of B-frames, in fragments that are as short as possible. */
async function written(): Promise<{ init: Buffer; fragments: Buffer[]; codec: string }> {
  const x264 = '-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 12 -bf 3 -b_strategy 0';
  const { bytes } = await encodedVideo(x264);
  const { init: theirs, fragments } = split(bytes);
  const track = theirs.tracks[0]!;
  const pictures = fragments.flatMap((fragment) => {
    const whole = Buffer.concat(fragment.mdat);
    return unitsOf(fragment, theirs.tracks).map((unit) => ({
      bytes: whole.subarray(unit.from, unit.to),
      isSync: unit.isSync,
      shownAt: ((unit.decodeTime + unit.compositionOffset) * timescale) / track.timescale,
    }));
  });
  const first = Math.min(...pictures.map(({ shownAt }) => shownAt));
  const shown = pictures.map(({ shownAt }) => shownAt - first);
  const decoded = [...shown].sort((a, b) => a - b);
  const cuts = [0, ...cutsOf(shown, depth), shown.length];
  const parts = cuts.slice(1).map((cut, i) => {
    const from = cuts[i]!;
    const samples = pictures.slice(from, cut).map(({ bytes, isSync }, j) => ({
      size: bytes.length,
      duration: (decoded[from + j + 1] ?? decoded.at(-1)! + timescale / 24) - decoded[from + j]!,
      compositionOffset: shown[from + j]! - decoded[from + j]!,
      isSync,
    }));
    const { moof, mdatHeader } = buildMoof([{ id: 1, decodeTime: decoded[from]!, samples }]);
    return Buffer.concat([moof, mdatHeader, ...pictures.slice(from, cut).map(({ bytes }) => bytes)]);
  });
  const { bytes: init, tracks } = builtInit([{ id: 1, timescale, format: formatOf(track) }]);
  return { init, fragments: parts, codec: tracks[0]!.codec };
}

describe.skipIf(browserMissing)('pictures that are presented before their decode time', () => {
  let dir: string;
  let browser: Browser;
  let footage: Awaited<ReturnType<typeof written>>;
  const times = Array.from({ length: 24 }, (_, i) => i);

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'flashback-browser-'));
    browser = await launchBrowser();
    footage = await written();
  });

  afterAll(async () => {
    await browser?.close();
    await rm(dir, { recursive: true, force: true });
  });

  test('are shown by Media Source Extensions at their times', async () => {
    const parts = [footage.init, ...footage.fragments].map((part) => part.toString('base64'));
    expect(parts.length).toBeGreaterThan(5);
    const page = await browser.newPage();
    const result = await page.evaluate(
      async ({ parts, codec }) => {
        const video = document.createElement('video');
        const source = new MediaSource();
        video.src = URL.createObjectURL(source);
        await new Promise((resolve) => source.addEventListener('sourceopen', resolve, { once: true }));
        const buffer = source.addSourceBuffer(`video/mp4; codecs="${codec}"`);
        for (const part of parts) {
          buffer.appendBuffer(Uint8Array.from(atob(part), (c) => c.charCodeAt(0)));
          await new Promise((resolve) => buffer.addEventListener('updateend', resolve, { once: true }));
        }
        source.endOfStream();
        const ranges = Array.from({ length: video.buffered.length }, (_, i) => [
          video.buffered.start(i),
          video.buffered.end(i),
        ]);
        return { error: video.error?.message, ranges };
      },
      { parts, codec: footage.codec },
    );
    await page.close();
    expect(result.error).toBeUndefined();
    expect(result.ranges).toHaveLength(1);
    expect(result.ranges[0]![0]).toBeCloseTo(0, 2);
    expect(result.ranges[0]![1]).toBeCloseTo(1, 2);
  });

  test('are shown in a finished clip at their times', async () => {
    const { init, fragments } = split(Buffer.concat([footage.init, ...footage.fragments]));
    const file = join(dir, 'clip.mp4');
    await writeClip(file, init, fragments);
    const bytes = await readFile(file);
    const page = await browser.newPage();
    const shown = await page.evaluate(async (text) => {
      const blob = new Blob([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], { type: 'video/mp4' });
      const video = document.createElement('video');
      video.muted = true;
      video.src = URL.createObjectURL(blob);
      document.body.append(video);
      await new Promise((resolve, reject) => {
        video.addEventListener('loadeddata', resolve, { once: true });
        video.addEventListener('error', () => reject(new Error(video.error?.message)), { once: true });
      });
      const at: number[] = [];
      // By seeking, because a busy machine drops pictures while it plays.
      for (let i = 0; i < 24; i++) {
        const frame = new Promise<number>((resolve) =>
          video.requestVideoFrameCallback((_, { mediaTime }) => resolve(mediaTime)),
        );
        video.currentTime = (i + 0.5) / 24;
        at.push(await frame);
      }
      return at;
    }, bytes.toString('base64'));
    await page.close();
    expect(shown.map((seconds) => Math.round(seconds * 24))).toEqual(times);
    for (const [i, seconds] of shown.entries()) expect(seconds).toBeCloseTo(i / 24, 3);
  });
});
