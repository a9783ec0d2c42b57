// Every combination of codecs that cameras send becomes a clip that plays everywhere.
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { frameHeaderBytes } from '../../src/rtsp/framer.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, download, endEvent } from '../support/app/playbacks.ts';
import { awaitRing } from '../support/app/ring.ts';
import { browserMissing, launchBrowser } from '../support/browser/browser.ts';
import { canDecode, watch } from '../support/browser/watch.ts';
import { startTestCamera } from '../support/camera/camera.ts';
import { type Capture, type CaptureParameters, capture } from '../support/camera/captures.ts';
import { readFrames } from '../support/media/frames.ts';
import { ffprobeWarnings, packetDigests, strictBoxes } from '../support/media/judges.ts';
import { readBeeps, soundDelays } from '../support/media/sound.ts';

let app: TestApp;
let browser: Browser | undefined;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-codecs-'));
  app = await startTestApp();
  browser = browserMissing ? undefined : await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await app.close();
  await rm(dir, { recursive: true, force: true });
});

/** Short loops are made in less time. */
const loopSec = 16;
/** The sound of the captures is late by this many milliseconds: the priming of their encoders. */
const primingMs = { none: 0, aac: 64, pcma: 0, pcmu: 0, opus: 6.5 };
const entries = { none: [], aac: ['mp4a'], pcma: ['mp4a'], pcmu: ['mp4a'], opus: ['Opus'] };
const codecs: CaptureParameters['codec'][] = ['h264', 'h265'];
const sounds: CaptureParameters['audio'][] = ['none', 'aac', 'pcma', 'pcmu', 'opus'];
const ordinary = { bFrames: false, isInBand: false };
const plain = codecs.flatMap((codec) => sounds.map((audio) => ({ ...ordinary, codec, audio })));
const withBFrames = codecs.map((codec) => ({ ...ordinary, codec, audio: 'aac' as const, bFrames: true }));
/** DESCRIBE does not state the parameter sets. They come only with each keyframe. */
const inBand = codecs.map((codec) => ({ ...ordinary, codec, audio: 'none' as const, isInBand: true }));
const withoutParameterSets = (sdp: string) => sdp.replace(/sprop-[a-z-]+=[^;\s]*;? ?/g, '');

// On a fresh checkout, the captures are made first.
vi.setConfig({ testTimeout: 90_000 });

for (const { isInBand, ...kind } of [...plain, ...withBFrames, ...inBand]) {
  const { codec, audio, bFrames } = kind;
  const name = `${codec} with ${bFrames ? 'B-frames and ' : ''}${audio} sound${isInBand ? ', parameter sets in-band only' : ''}`;
  test.concurrent(name, async () => {
    const made = await capture({ ...kind, gopSec: 1, seconds: loopSec });
    const seen = isInBand ? { ...made, sdp: withoutParameterSets(made.sdp) } : made;
    expect(seen.sdp.includes('sprop-')).toBe(!isInBand);
    const camera = await startTestCamera({ capture: seen });
    const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
    await awaitRing(app, [cameraId], 1);
    const event = await createEvent(app.client, { cameraId });
    await sleep(2_500);
    await endEvent(app.client, event.id);
    const playback = await awaitEnd(app.client, event);
    const file = await download(playback, dir);
    await camera.close();

    const boxes = await strictBoxes(file);
    expect(boxes.boxes.indexOf('moov')).toBeLessThan(boxes.boxes.indexOf('mdat'));
    expect(boxes.tracks.map((track) => track.entry)).toEqual([
      codec === 'h264' ? 'avc1' : 'hvc1',
      ...entries[audio],
    ]);
    expect(await ffprobeWarnings(file)).toBe('');

    const frames = await readFrames(file);
    expect(frames[0]!.time).toBe(0);
    // Frames are sent in decoding order: the clip may end between a picture and those that are presented before it.
    for (const [i, frame] of frames.slice(0, bFrames ? -3 : frames.length).entries()) {
      expect(frame.counter).toBe((frames[0]!.counter + i) % (loopSec * 15));
      expect(frame.time).toBeCloseTo(i / 15, 2);
    }
    const type = `video/mp4; codecs="${[playback.codec, playback.audioCodec].filter(Boolean).join(', ')}"`;
    if (browser && (await canDecode(browser, type))) {
      const watched = await watch(browser, playback.videoUrl!);
      expect(watched).toMatchObject({ error: undefined });
      expect(Math.abs(watched.duration * 1_000 - playback.durationMs!)).toBeLessThan(100);
      expect(watched.frames).toBeGreaterThan(frames.length * 0.8);
    } else {
      expect(!browser || codec === 'h265', `Chromium says that it cannot decode ${type}`).toBe(true);
    }
    if (audio === 'none') return;
    const [, ...delays] = soundDelays(frames, await readBeeps(file), 15);
    expect(delays.length).toBeGreaterThan(0);
    for (const delay of delays) expect(Math.abs(delay - primingMs[audio])).toBeLessThan(50);
    if (audio === 'aac' || audio === 'opus') {
      const sent = new Set(soundPackets(seen));
      expect((await packetDigests(file, 'a:0')).filter((digest) => !sent.has(digest))).toEqual([]);
    }
  });
}

test.concurrent('H.264 with AAC waits for parameter sets that are only in the stream, and rare', async () => {
  const made = await capture({ audio: 'aac', gopSec: 4, seconds: loopSec });
  // The session begins half a second after a keyframe.
  const seen = { ...made, sdp: withoutParameterSets(made.sdp) };
  const camera = await startTestCamera({ capture: seen, phaseSec: 0.5 });
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
  expect(camera.sessionsEver).toBe(1);
  const event = await createEvent(app.client, { cameraId });
  await sleep(1_000);
  await endEvent(app.client, event.id);
  const file = await download(await awaitEnd(app.client, event), dir);
  const frames = await readFrames(file);
  for (const [i, frame] of frames.entries()) {
    expect(frame.counter).toBe((frames[0]!.counter + i) % (loopSec * 15));
    expect(frame.time).toBeCloseTo(i / 15, 2);
  }
  expect(await ffprobeWarnings(file)).toBe('');
  await camera.close();
});

test.concurrent('a camera that announces sound and sends none is recorded without delay', async () => {
  const camera = await startTestCamera({
    capture: await capture({ audio: 'aac', gopSec: 1, seconds: loopSec }),
    faults: { isMute: true },
  });
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
  await sleep(2_000);
  const event = await createEvent(app.client, { cameraId });
  await sleep(1_000);
  const endedAt = Date.now();
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', audioCodec: null });
  const file = await download(playback, dir);
  const frames = await readFrames(file);
  const startedAt = Date.parse(playback.startedAt);
  expect(startedAt - camera.sentAt(frames[0]!.counter, startedAt)).toBeGreaterThanOrEqual(1_000);
  expect(endedAt - camera.sentAt(frames.at(-1)!.counter, endedAt)).toBeLessThan(200);
  expect(await ffprobeWarnings(file)).toBe('');
  await camera.close();
});

/** A hash of each sound packet that the camera sends. AAC packets have a header of their own (RFC 3640, 3.2.1). */
function soundPackets({ packets, bytes, tracks, parameters }: Capture): string[] {
  const sound = tracks.findIndex(({ kind }) => kind === 'audio');
  const headerBytes = frameHeaderBytes + 12 + (parameters.audio === 'aac' ? 4 : 0);
  return packets
    .filter(({ track }) => track === sound)
    .map(({ start, end }) =>
      createHash('md5')
        .update(bytes.subarray(start + headerBytes, end))
        .digest('hex'),
    );
}
