// Streams whose parameter sets are only in the description: which changes after a reconnect fit the same clip.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { createEvent, download, endEvent, type PlaybackFacts } from '../support/app/playbacks.ts';
import { withoutSetsInStream } from '../support/camera/altered-captures.ts';
import { startTestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { readFrames } from '../support/media/frames.ts';
import { ffprobeWarnings } from '../support/media/judges.ts';

// On a fresh checkout, the captures are made first.
vi.setConfig({ testTimeout: 90_000 });

let app: TestApp;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-sets-'));
  app = await startTestApp();
});

afterAll(async () => {
  await app.close();
  await rm(dir, { recursive: true, force: true });
});

const setsOf = (sdp: string) => /sprop-parameter-sets=[^;\s]+/.exec(sdp)![0];

/**
 * All playbacks of an event during which the camera reconnects, once they are COMPLETED. All their pictures can be
 * decoded.
 */
async function playbacksOver(meanwhile: 'same sets' | 'other sets'): Promise<PlaybackFacts[]> {
  const first = withoutSetsInStream(await capture({ gopSec: 1, seconds: 16 }));
  const other = withoutSetsInStream(await capture({ gopSec: 1, seconds: 16, kbps: 300 }));
  expect(setsOf(other.sdp)).not.toBe(setsOf(first.sdp));
  const camera = await startTestCamera({ capture: first });
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
  await sleep(1_500);
  const event = await createEvent(app.client, { cameraId });
  await sleep(1_500);
  if (meanwhile === 'other sets') camera.switchTo(other);
  camera.drop();
  await until(() => camera.sessionsEver === 2, 'it has connected again');
  await sleep(3_000);
  await endEvent(app.client, event.id);
  const playbacks = async () => {
    const answer = await app.client.run<{ event: { playbacks: PlaybackFacts[] } }>(
      'query($id: ID!) { event(id: $id) { playbacks { id startedAt recordingStatus gaps { from to } videoUrl } } }',
      { id: event.id },
    );
    return answer.event.playbacks;
  };
  await until(
    async () => (await playbacks()).every(({ recordingStatus }) => recordingStatus === 'COMPLETED'),
    'all are COMPLETED',
  );
  await camera.close();
  const all = await playbacks();
  for (const playback of all) {
    const file = await download(playback, dir);
    expect(await ffprobeWarnings(file)).toBe('');
    const counters = (await readFrames(file)).map(({ counter }) => counter);
    expect(counters.length).toBeGreaterThan(20);
    const steps = counters.slice(1).map((counter, i) => (counter - counters[i]! + 240) % 240);
    expect(steps.filter((step) => step !== 1).length).toBe(playback.gaps.length);
  }
  return all;
}

test('other parameter sets for the same size continue in a further playback, which can be decoded', async () => {
  expect(await playbacksOver('other sets')).toHaveLength(2);
});

test('the same parameter sets continue in the same clip', async () => {
  const [playback, ...others] = await playbacksOver('same sets');
  expect(others).toEqual([]);
  expect(playback!.gaps).toHaveLength(1);
});
