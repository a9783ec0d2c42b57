// The longest pre-roll, of real feeds. Camera and clock run at ten times their speed, so that a minute takes six seconds.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createLog } from '../src/log.ts';
import { Feed } from '../src/recording/feed.ts';
import { type Ffmpeg, findFfmpeg } from '../src/recording/ffmpeg-binary.ts';
import { Turnstile } from '../src/recording/turnstile.ts';
import { startTestCamera } from './support/camera.ts';
import { capture } from './support/captures.ts';
import { readCounterOfImage } from './support/frames.ts';
import { startTestLauncher, type TestLauncher } from './support/launcher.ts';
import { until } from './support/reader.ts';
import { wallMs } from './support/replay.ts';

// On a fresh checkout the captures are made first.
vi.setConfig({ testTimeout: 90_000 });

const speed = 10;
const preRollSec = 60;
const frameMs = 1_000 / 15;
const log = createLog('error');

let started: TestLauncher;
let ffmpeg: Ffmpeg;

beforeAll(async () => {
  started = await startTestLauncher();
  ffmpeg = await findFfmpeg(started.children, undefined, log);
});

afterAll(() => started.close());

for (const gopSec of [1, 2, 4, 10])
  test.concurrent(`the ring reaches a minute back with a keyframe every ${gopSec} s, and no farther than it must`, async () => {
    const seen = await capture({ gopSec, seconds: 20 });
    const startedMs = wallMs();
    const now = () => startedMs + (wallMs() - startedMs) * speed;
    const camera = await startTestCamera({ capture: seen, speed });
    const feed = new Feed({
      cameraId: `every-${gopSec}-s`,
      url: camera.url,
      preRollSec,
      rate: undefined,
      ringMaxBytes: () => Number.POSITIVE_INFINITY,
      privateCameras: true,
      ffmpeg,
      launcher: started.launcher,
      turnstile: new Turnstile({ atOnce: 1, apartMs: 0 }),
      log,
      now,
      isRecorded: () => false,
      onState: () => {},
      onFragment: () => {},
    });
    const { ring } = feed;
    feed.start();
    await until(() => ring.isFull, 'the ring is full');
    const [oldest] = ring.from(0);
    await until(() => ring.from(0)[0] !== oldest, 'it lets go of what is older');

    const since = now() - preRollSec * 1_000;
    const held = ring.from(since);
    for (const [i, fragment] of held.entries())
      expect(fragment.start).toBeCloseTo(held[i - 1]?.end ?? fragment.start, 2);
    const file = path.join(started.dir, `every-${gopSec}-s.mp4`);
    const { session, moof, mdat } = held[0]!;
    await writeFile(file, Buffer.concat([session.init.bytes, moof, ...mdat]));
    const nearMs = since - gopSec * 500;
    const early = since - camera.sentAt(await readCounterOfImage(file), nearMs);
    expect(early).toBeGreaterThanOrEqual(-frameMs);
    // A keyframe interval; and what is late by a millisecond is late by ten here.
    expect(early).toBeLessThanOrEqual(gopSec * 1_000 + 500);
    // Two seconds for who asks late, a keyframe interval, and the fragment in which it ends.
    expect(ring.heldSeconds).toBeLessThan(preRollSec + 2 + gopSec + 1);
    await feed.close();
    await camera.close();
  });
