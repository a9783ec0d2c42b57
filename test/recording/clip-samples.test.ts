// The samples of a finished clip are bit for bit those that ffmpeg records with `-c copy` from the same packets.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, download, endEvent } from '../support/app/playbacks.ts';
import { browserMissing, launchBrowser } from '../support/browser/browser.ts';
import { canDecode, watch } from '../support/browser/watch.ts';
import { withFields } from '../support/camera/fields.ts';
import { playOnce } from '../support/camera/played-once.ts';
import {
  type CopiedSample,
  copiedSamples,
  type Recording,
  recordRtp,
  samplesOf,
  sha256,
  withoutLastZero,
} from '../support/camera/rtp.ts';
import { ffprobeWarnings, packets } from '../support/media/judges.ts';

let app: TestApp;
let browser: Browser | undefined;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-samples-'));
  app = await startTestApp();
  browser = browserMissing ? undefined : await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await app.close();
  await rm(dir, { recursive: true, force: true });
});

// Each stream is encoded first, then played in real time.
vi.setConfig({ testTimeout: 90_000 });

const fps = 15;
const x264 = '-c:v libx264 -preset veryfast -threads 1 -g 15 -pix_fmt yuv420p';
const x265 = '-c:v libx265 -preset ultrafast -g 15';
const hevc = 'log-level=none:pools=1:repeat-headers=1:keyint=15';

const kinds: Record<string, string> = {
  'H.264 baseline': `${x264} -profile:v baseline -x264-params repeat-headers=1`,
  'H.264 main with B-frames': `${x264} -profile:v main -bf 3 -b_strategy 0 -x264-params repeat-headers=1:b-pyramid=normal`,
  'H.264 interlaced, both fields in one picture': `${x264} -flags +ilme+ildct -x264-params interlaced=1:repeat-headers=1`,
  'H.264 interlaced, a picture for each field': `${x264} -profile:v main`,
  'H.264 in four slices with delimiters and SEI': `${x264} -x264-params slices=4:aud=1:repeat-headers=1:nal-hrd=cbr:bitrate=400:vbv-maxrate=400:vbv-bufsize=400`,
  'H.265 8 bit': `${x265} -pix_fmt yuv420p -x265-params ${hevc}:bframes=2:open-gop=0`,
  'H.265 10 bit': `${x265} -pix_fmt yuv420p10le -x265-params ${hevc}:bframes=0`,
};

const cases = Object.keys(kinds).flatMap((kind) =>
  ['none', 'AAC'].map((sound) => ({ kind, sound, title: `${kind}, sound: ${sound}` })),
);

for (const { kind, sound, title } of cases) {
  test.concurrent(title, async () => {
    const recording = await recorded(kind, sound === 'AAC');
    const copied = await copiedSamples(recording);
    // ffmpeg writes each field as a sample; ISO/IEC 14496-15, 5.2.1 requires both in one sample.
    if (kind.endsWith('each field')) copied[0] = inPairs(copied[0]!);
    // After each picture of H.265, ffmpeg writes a zero byte, which belongs to the next start code.
    if (kind.startsWith('H.265'))
      copied[0] = copied[0]!.map(({ bytes, isSync }) => ({ bytes: withoutLastZero(bytes), isSync }));

    const camera = await playOnce(recording);
    // The pre-roll is longer than the recording, so the clip begins with its first picture.
    const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 10 });
    const event = await createEvent(app.client, { cameraId });
    await camera.played;
    await endEvent(app.client, event.id);
    const playback = await awaitEnd(app.client, event);
    expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', gaps: [] });
    const file = await download(playback, dir);
    await camera.close();

    const samples = await samplesOf(file, copied.length);
    expect(samples).toHaveLength(copied.length);
    for (const [track, ours] of samples.entries()) {
      const theirs = copied[track]!;
      // The event ends when the last packet is sent. Pictures that are presented after that time are not in the clip.
      expect(ours.length).toBeGreaterThan(theirs.length - 6);
      expect(hashes(ours)).toEqual(hashes(theirs.slice(0, ours.length)));
    }
    expect(await ffprobeWarnings(file)).toBe('');
    const pictures = (await packets(file)).filter(({ stream_index }) => stream_index === 0);
    const shown = pictures.map(({ pts }) => pts).sort((a, b) => a - b);
    // With reordering, some pictures that are presented before the last one may not have been sent yet.
    for (const [i, time] of shown.slice(0, -3).entries())
      expect(Math.abs(time - i / fps), `picture ${i} of those shown: ${time}`).toBeLessThan(0.025);

    const type = `video/mp4; codecs="${[playback.codec, playback.audioCodec].filter(Boolean).join(', ')}"`;
    if (!browser) return;
    if (await canDecode(browser, type)) {
      const watched = await watch(browser, playback.videoUrl!);
      expect(watched).toMatchObject({ error: undefined });
      expect(watched.frames).toBeGreaterThan(samples[0]!.length * 0.8);
    } else {
      expect(kind, `Chromium says that it cannot decode ${type}`).toContain('H.265');
    }
  });
}

async function recorded(kind: string, hasSound: boolean): Promise<Recording> {
  const picture = `-f lavfi -i testsrc2=size=320x192:rate=${fps}`;
  const tone = hasSound ? '-f lavfi -i sine=sample_rate=16000 -c:a aac -b:a 48k -muxdelay 0.06' : '';
  const recording = await recordRtp(`${picture} ${tone} -t 4 ${kinds[kind]}`);
  return kind.endsWith('each field') ? withFields(recording, fps) : recording;
}

function inPairs(samples: readonly CopiedSample[]): CopiedSample[] {
  return samples.flatMap((first, i) =>
    i % 2 === 0 && i + 1 < samples.length
      ? [{ bytes: Buffer.concat([first.bytes, samples[i + 1]!.bytes]), isSync: first.isSync }]
      : [],
  );
}

/** Compared as hashes, so that the message about a difference is short. */
function hashes(samples: readonly CopiedSample[]) {
  return samples.map(({ bytes, isSync }) => ({ sha256: sha256(bytes), isSync }));
}
