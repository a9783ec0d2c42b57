// A playback is deleted while its recovery objects are being written: none of them stays.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { createEvent } from '../support/app/playbacks.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { type S3Server, startS3Server } from '../support/s3/s3-server.ts';

let app: TestApp;
let bucket: S3Server;
let camera: TestCamera;

beforeAll(async () => {
  bucket = await startS3Server();
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  const { endpoint, bucket: name, accessKeyId, secretAccessKey, region } = bucket;
  const r2 = { endpoint, bucket: name, accessKeyId, secretAccessKey, region, urlTtlSec: 60 };
  app = await startTestApp({ r2, offsiteEverySec: 1 });
});

afterAll(async () => {
  await app.close();
  await camera.close();
  await bucket.close();
});

const isPayload = (key: string) => key.startsWith('recovery/') && key.includes('/payload/');
const recoveryObjects = () =>
  [...bucket.contents.objects.keys()].filter((key) => key.startsWith('recovery/'));

test('a copy that is on its way when the playback is deleted is removed too', async () => {
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
  bucket.fail({ match: (op, key) => op === 'PutObject' && isPayload(key), delayMs: 2_000, times: 1 });
  const { playback } = await createEvent(app.client, { cameraId });
  await until(() => bucket.log.some(({ key }) => isPayload(key)), 'a copy is on its way');
  await app.client.run('mutation($id: ID!) { deletePlayback(id: $id) { id } }', { id: playback!.id });
  // The copy arrives after all, because the bucket only answers late.
  await until(() => bucket.log.some(({ key, status }) => isPayload(key) && status === 200), 'it arrives');
  await expect.poll(recoveryObjects, { timeout: 20_000 }).toEqual([]);
});
