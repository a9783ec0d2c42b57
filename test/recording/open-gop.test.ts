// Cameras with open GOPs: pictures after a keyframe may refer to pictures before it.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, download, endEvent } from '../support/app/playbacks.ts';
import { playOnce } from '../support/camera/played-once.ts';
import { recordRtp } from '../support/camera/rtp.ts';
import { ffprobeWarnings, packets } from '../support/media/judges.ts';

// The streams are encoded first.
vi.setConfig({ testTimeout: 90_000 });

let app: TestApp;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-open-gop-'));
  app = await startTestApp();
});

afterAll(async () => {
  await app.close();
  await rm(dir, { recursive: true, force: true });
});

const x264 = '-c:v libx264 -preset veryfast -threads 1 -pix_fmt yuv420p -bf 2 -b_strategy 0';
const x265 = '-c:v libx265 -preset ultrafast -pix_fmt yuv420p';
const gop = 'keyint=15:min-keyint=15:scenecut=0:open-gop=1:repeat-headers=1';
const kinds = {
  'H.264': `${x264} -x264-params ${gop}`,
  'H.265': `${x265} -x265-params ${gop}:bframes=3:log-level=none:pools=1`,
};

for (const [kind, encode] of Object.entries(kinds))
  test.concurrent(`a clip of ${kind} begins with a picture that can be decoded`, async () => {
    const stream = await recordRtp(`-f lavfi -i testsrc2=size=320x192:rate=15 -t 6 ${encode}`);
    const camera = await playOnce(stream);
    const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
    // So the clip cannot begin with the session's first picture, which is the only IDR picture.
    await sleep(3_000);
    const event = await createEvent(app.client, { cameraId });
    await camera.played;
    await endEvent(app.client, event.id);
    const file = await download(await awaitEnd(app.client, event), dir);
    await camera.close();
    expect(await ffprobeWarnings(file)).toBe('');
    const pictures = await packets(file);
    expect(pictures[0]).toMatchObject({ isKey: true, pts: 0 });
    expect(pictures.filter(({ isKey }) => isKey).length).toBeGreaterThan(2);
    // The leading pictures of later keyframes are in the clip: all pictures have the same duration.
    const shown = pictures.map(({ pts }) => pts).sort((a, b) => a - b);
    for (const [i, pts] of shown.slice(1, -3).entries()) expect(pts - shown[i]!).toBeLessThan(0.09);
  });
