// Cameras with unusual rates of pictures, of sound, or of their RTP clocks.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { type Clip, readClip } from '../support/app/clip.ts';
import { awaitEnd, createEvent, endEvent, type PlaybackFacts } from '../support/app/playbacks.ts';
import { startTestCamera } from '../support/camera/camera.ts';
import { type Capture, type CaptureParameters, capture } from '../support/camera/captures.ts';
import { ffprobeWarnings } from '../support/media/judges.ts';
import { readBeeps, soundDelays } from '../support/media/sound.ts';

// On a fresh checkout, the captures are made first.
vi.setConfig({ testTimeout: 90_000, maxConcurrency: 10 });

let app: TestApp;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-rates-'));
  app = await startTestApp();
});

afterAll(async () => {
  await app.close();
  await rm(dir, { recursive: true, force: true });
});

/**
 * Records three seconds of such a camera, and checks what holds at any rate: one session, one whole file in real time.
 */
async function record(
  seen: Capture,
  { preRollSec, settleMs, phaseSec }: { preRollSec: number; settleMs: number; phaseSec?: number },
): Promise<PlaybackFacts & Clip> {
  const camera = await startTestCamera({ capture: seen, ...(phaseSec !== undefined && { phaseSec }) });
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec });
  // The first recording may have taught the server how to read the stream.
  const before = camera.sessionsEver;
  await sleep(settleMs);
  const event = await createEvent(app.client, { cameraId });
  await sleep(3_000);
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  const clip = await readClip(camera, playback, dir);
  await camera.close();
  expect(playback.gaps).toEqual([]);
  expect(camera.sessionsEver - before).toBe(0);
  expect(clip.worst).toBeLessThan(200);
  expect(await ffprobeWarnings(clip.file)).toBe('');
  return { ...playback, ...clip };
}

async function expectSoundInSync({ file, frames }: Clip, { fps, audioRate }: CaptureParameters) {
  // The beginning of the clip may cut off the first beep.
  const [, ...all] = soundDelays(frames, await readBeeps(file), fps);
  // If a beep falls into a second without pictures, the nearest picture is a second away.
  const delays = all.filter((delay) => Math.abs(delay) < 500);
  expect(delays.length).toBeGreaterThan(0);
  // ISO/IEC 14496-3: the sound of an encoder is late by its first frame of 1024 samples.
  for (const delay of delays) expect(Math.abs(delay - (1_024 / audioRate) * 1_000)).toBeLessThan(50);
}

/** Also announces an RTP clock for the video other than that of RFC 6184 (90 kHz). */
function withVideoClock(made: Capture, clockRate: number): Capture {
  const sdp = made.sdp.replace('H264/90000', `H264/${clockRate}`);
  return { ...made, sdp, tracks: made.tracks.map((it) => (it.kind === 'video' ? { ...it, clockRate } : it)) };
}

/** A recording is placed differently before and after its rate is known. */
const settleMs = { unknown: 2_500, known: 8_500 };
type Rates = Pick<CaptureParameters, 'fps' | 'gopSec' | 'audioRate'>;
const odd: (Rates & { name: string; videoClock?: number; isKnown?: boolean })[] = [
  {
    name: '12.5 pictures a second beside AAC at 44.1 kHz',
    fps: 12.5,
    gopSec: 2,
    audioRate: 44_100,
    isKnown: true,
  },
  { name: '29.97 beside AAC at 22.05 kHz', fps: 30_000 / 1_001, gopSec: 1.001, audioRate: 22_050 },
  {
    name: '14 by an RTP clock of 25 kHz, which they do not divide, beside AAC at 11.025 kHz',
    ...{ fps: 14, gopSec: 1, audioRate: 11_025, videoClock: 25_000, isKnown: true },
  },
];
for (const { name, videoClock = 90_000, isKnown = false, ...rates } of odd)
  test.concurrent(`pictures and sound of odd rates are recorded: ${name}`, async () => {
    const seconds = 24 * (rates.gopSec % 1 === 0 ? 1 : rates.gopSec);
    const made = await capture({ ...rates, audio: 'aac', seconds, hasSeam: true });
    const recorded = await record(withVideoClock(made, videoClock), {
      preRollSec: 2,
      settleMs: isKnown ? settleMs.known : settleMs.unknown,
    });
    const { frames, firstSentAt, lastSentAt } = recorded;
    const frameMs = 1_000 / rates.fps;
    for (const [i, frame] of frames.entries()) {
      expect(frame.counter).toBe(frames[0]!.counter + i);
      expect(frame.time * 1_000).toBeCloseTo(i * frameMs, -1);
    }
    expect(Math.abs(recorded.durationMs! - (lastSentAt + frameMs - firstSentAt))).toBeLessThan(200);
    const [startedAt, endedAt] = [Date.parse(recorded.startedAt), Date.parse(recorded.endedAt!)];
    expect(startedAt - firstSentAt).toBeGreaterThanOrEqual(2_000 - frameMs);
    expect(startedAt - firstSentAt).toBeLessThanOrEqual(2_000 + rates.gopSec * 1_000 + 2 * frameMs);
    expect(lastSentAt).toBeGreaterThanOrEqual(endedAt - 2 * frameMs);
    await expectSoundInSync(recorded, made.parameters);
  });

// A feed's watchdog sees fragments, and there are none between two pictures (picture-watch.ts).
for (const audio of ['none', 'aac'] as const)
  test.concurrent(`a camera with ${audio} sound that sends no picture for three seconds has not stalled`, async () => {
    const made = await capture({ audio, gopSec: 1, pauseSec: 3 });
    const recorded = await record(made, { preRollSec: 4, settleMs: 4_000, phaseSec: 3.5 });
    const steps = recorded.frames.map(({ time }, i) => time - (recorded.frames[i - 1]?.time ?? time));
    expect(steps.filter((step) => step > 2.9).length).toBeGreaterThan(0);
    if (audio === 'aac') await expectSoundInSync(recorded, made.parameters);
  });

for (const audio of ['none', 'aac'] as const)
  test.concurrent(`a camera with ${audio} sound that sends one picture a second has not stalled`, async () => {
    const made = await capture({ audio, fps: 1, gopSec: 4 });
    const recorded = await record(made, { preRollSec: 2, settleMs: 4_000, phaseSec: 3.5 });
    expect(recorded.frames.length).toBeGreaterThan(5);
    for (const [i, frame] of recorded.frames.entries()) {
      expect(frame.counter).toBe(recorded.frames[0]!.counter + i);
      expect(frame.time).toBeCloseTo(i, 1);
    }
    if (audio === 'aac') await expectSoundInSync(recorded, made.parameters);
  });
