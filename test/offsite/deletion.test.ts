// A playback that is deleted, or that never got a row, leaves no recovery objects behind.
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { connectDb } from '../../src/db/client.ts';
import { RecordingCopies } from '../../src/offsite/recording-copies.ts';
import { GrowingSpools } from '../../src/spool/growing.ts';
import { GrowingIndex } from '../../src/spool/growing-index.ts';
import { createS3Store } from '../../src/store/s3.ts';
import { Uplink } from '../../src/store/uplink.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { createEvent } from '../support/app/playbacks.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { r2Of, type S3Server, startS3Server } from '../support/s3/s3-server.ts';

let app: TestApp;
let bucket: S3Server;
let camera: TestCamera;

beforeAll(async () => {
  bucket = await startS3Server();
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  app = await startTestApp({ r2: r2Of(bucket), offsiteEverySec: 1 });
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

test('nothing is copied of a recording whose row was not written', async () => {
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
  const { playback } = await createEvent(app.client, { cameraId });
  const { recordDir } = app.config;
  const folder = path.join(recordDir, playback!.id);
  let spool: string | undefined;
  const find = async () => {
    spool = (await readdir(folder)).find((name) => name.endsWith('.mp4'));
    return spool !== undefined;
  };
  await until(find, 'the spool is there');
  const index = await GrowingIndex.open(path.join(folder, spool!));
  const store = createS3Store(r2Of(bucket));
  const db = connectDb(app.config.databaseUrl!);
  onTestFinished(() => Promise.all([index.close(), store.close(), db.$disconnect()]).then(() => {}));
  const look = async () => {
    await index.look((await stat(index.path)).size);
    return index.count > 0;
  };
  await until(look, 'it has a fragment');

  const guarded = store.guarded!;
  const fixed = {
    everyMs: 0,
    isPublic: false,
    growing: new GrowingSpools(),
    uplink: new Uplink(),
    onMore: () => {},
  };
  const copyOf = (playbackId: string) =>
    new RecordingCopies(
      { db, store, guarded, installation: randomUUID(), recordDir, ...fixed },
      playbackId,
    ).advance(index, undefined, new AbortController().signal);
  const unknown = randomUUID();
  await mkdir(path.join(recordDir, unknown));
  await copyOf(unknown);
  expect(recoveryObjects().filter((key) => key.includes(unknown))).toEqual([]);
  await app.client.run('mutation($id: ID!) { deletePlayback(id: $id) { id } }', { id: playback!.id });
});
