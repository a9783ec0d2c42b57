// testCamera: testing a stream before the camera is saved.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { startTestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';

vi.setConfig({ testTimeout: 60_000 });

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

interface Answer {
  problem: string | null;
  problemCode: string | null;
  reading: { reader: string; transport: string } | null;
  codec: string | null;
  audioCodec: string | null;
  resolution: string | null;
  framesPerSec: number | null;
  keyframeIntervalSec: number | null;
  bitsPerSec: number | null;
  picture: string | null;
}

async function tryOut(input: object): Promise<Answer> {
  const begin = performance.now();
  const { testCamera } = await app.client.run<{ testCamera: Answer }>(
    `mutation($input: TestCameraInput!) { testCamera(input: $input) { problem problemCode reading { reader transport }
      codec audioCodec resolution framesPerSec keyframeIntervalSec bitsPerSec picture } }`,
    { input },
  );
  expect(performance.now() - begin).toBeLessThan(10_000);
  return testCamera;
}

const made = () => capture({ codec: 'h264', audio: 'pcma', gopSec: 1, seconds: 16 });

test('says what a camera sends, and saves nothing', async () => {
  const camera = await startTestCamera({ capture: await made(), users: { admin: 'right' } });
  const answer = await tryOut({ rtspUrl: camera.urlAs('admin', 'right') });
  expect(answer).toMatchObject({
    problem: null,
    problemCode: null,
    reading: { reader: 'FLASHBACK', transport: 'TCP' },
    codec: expect.stringMatching(/^avc1\./),
    audioCodec: 'mp4a.40.2',
  });
  expect(answer.framesPerSec).toBeCloseTo(15, -0.5);
  expect(answer.keyframeIntervalSec).toBeCloseTo(1, 0);
  expect(answer.bitsPerSec).toBeGreaterThan(10_000);
  expect(answer.picture).toMatch(/^data:image\/jpeg;base64,\/9j\//);
  const { cameras } = await app.client.run<{ cameras: unknown[] }>('{ cameras { id } }');
  expect(cameras).toEqual([]);
  await expect.poll(() => camera.sessions).toBe(0);
  await camera.close();
});

test('says why a camera cannot be recorded', async () => {
  const camera = await startTestCamera({ capture: await made(), users: { admin: 'right' } });
  expect(await tryOut({ rtspUrl: camera.urlAs('admin', 'wrong') })).toMatchObject({
    problem: 'The camera refused the user name or the password (401 Unauthorized).',
    problemCode: 'CREDENTIALS',
    codec: null,
    picture: null,
  });
  await camera.close();
  expect(await tryOut({ rtspUrl: camera.url })).toMatchObject({
    problem: 'Nothing listens at the camera’s address (connection refused).',
    problemCode: 'UNREACHABLE',
  });
});

test.each(['JPEG', 'VP8', 'VP9', 'MP4V-ES'])('says at once that %s cannot be recorded', async (encoding) => {
  const plain = await made();
  const sdp = plain.sdp.replace('H264/90000', `${encoding}/90000`);
  expect(sdp).not.toBe(plain.sdp);
  const camera = await startTestCamera({ capture: { ...plain, sdp } });
  const { problem, problemCode } = await tryOut({ rtspUrl: camera.url });
  expect(problem).toContain('set it to H.264 or H.265');
  expect(problemCode).toBe('NOT_SUPPORTED');
  await camera.close();
});

test('answers in time if the camera is silent', async () => {
  const camera = await startTestCamera({ capture: await made() });
  camera.stall();
  expect(await tryOut({ rtspUrl: camera.url })).toMatchObject({
    problem: 'No picture came within 7 seconds.',
    problemCode: 'NO_PICTURE',
  });
  await camera.close();
});

test('a third concurrent test with the same key is refused with the time until one is possible', async () => {
  const camera = await startTestCamera({ capture: await made() });
  camera.stall();
  const first = [1, 2].map(() => tryOut({ rtspUrl: camera.url }));
  const third = app.client.ask(
    'mutation($input: TestCameraInput!) { testCamera(input: $input) { problem } }',
    {
      input: { rtspUrl: camera.url },
    },
  );
  expect((await third).errors).toMatchObject([
    {
      message: expect.stringContaining('try again in 10 seconds'),
      extensions: { code: 'CAPACITY', retryAfterMs: 10_000 },
    },
  ]);
  await Promise.all(first);
  expect((await tryOut({ rtspUrl: camera.url })).problem).toBe('No picture came within 7 seconds.');
  await camera.close();
});

test('settings that are left out are those of the existing camera', async () => {
  const camera = await startTestCamera({ capture: await made() });
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1, reader: 'FFMPEG' });
  expect(await tryOut({ cameraId, rtspUrl: camera.url })).toMatchObject({ reading: { reader: 'FFMPEG' } });
  await camera.close();
});

test('a live camera’s reading describes its stream', async () => {
  const camera = await startTestCamera({ capture: await made() });
  const id = await app.addCamera({ rtspUrl: camera.url, preRollSec: 3 });
  const rates = async () =>
    (
      await app.client.run<{
        camera: { reading: Pick<Answer, 'framesPerSec' | 'keyframeIntervalSec' | 'bitsPerSec'> };
      }>('query($id: ID!) { camera(id: $id) { reading { framesPerSec keyframeIntervalSec bitsPerSec } } }', {
        id,
      })
    ).camera.reading;
  await expect.poll(async () => (await rates()).keyframeIntervalSec, { timeout: 5_000 }).not.toBeNull();
  const { framesPerSec, keyframeIntervalSec, bitsPerSec } = await rates();
  expect(framesPerSec).toBeCloseTo(15, 1);
  expect(keyframeIntervalSec).toBeCloseTo(1, 1);
  expect(bitsPerSec).toBeGreaterThan(10_000);
  await camera.close();
});

test('the masked address of an existing camera stands for its full address', async () => {
  const camera = await startTestCamera({ capture: await made(), users: { admin: 'right' } });
  const cameraId = await app.addCamera({ rtspUrl: camera.urlAs('admin', 'right'), preRollSec: 1 });
  expect(await tryOut({ cameraId, rtspUrl: camera.url })).toMatchObject({ problem: null });
  await camera.close();
});
