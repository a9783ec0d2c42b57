// Clips in MinIO, whose program the variable MINIO names. Flashback's own tests use a bucket of their own
// (test/support/s3), which is as strict as R2.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { connectDb } from '../../src/db/client.ts';
import { bufferBody } from '../../src/store/body.ts';
import { createS3Store } from '../../src/store/s3.ts';
import { ObjectChanged, type SentPart, type Store, UploadGone } from '../../src/store/store.ts';
import { startTestApp } from '../support/app/app.ts';
import { connectClient } from '../support/app/client.ts';
import { awaitEnd, createEvent, download, endEvent } from '../support/app/playbacks.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { createTestDatabase } from '../support/database/database.ts';
import { readFrames } from '../support/media/frames.ts';
import { ffprobeWarnings, strictBoxes } from '../support/media/judges.ts';
import { freePort } from '../support/processes/free-port.ts';
import { runProgram } from '../support/processes/program.ts';
import { startServer } from '../torture/server.ts';
import { type Program, startProgram } from './program.ts';

const program = process.env['MINIO'];
const mib = 1024 * 1024;
const r2 = {
  bucket: 'clips',
  region: 'auto',
  accessKeyId: 'key-of-the-test',
  secretAccessKey: 'secret-of-the-test',
};

describe.skipIf(!program)('MinIO (MINIO is the path of its program)', () => {
  let dir: string;
  let minio: Program;
  let endpoint: string;
  let store: Store;
  let camera: TestCamera;

  beforeAll(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-minio-'));
    const address = `127.0.0.1:${await freePort()}`;
    endpoint = `http://${address}`;
    const { accessKeyId, secretAccessKey, region } = r2;
    const env = {
      ...process.env,
      ...{ MINIO_ROOT_USER: accessKeyId, MINIO_ROOT_PASSWORD: secretAccessKey, MINIO_REGION: region },
    };
    const isReady = (line: string) => line.includes(`API: ${endpoint}`);
    minio = await startProgram(program!, ['server', '--address', address, path.join(dir, 'minio')], isReady, {
      env,
    });
    const client = new S3Client({ endpoint, region, credentials: r2, forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: r2.bucket }));
    client.destroy();
    store = createS3Store({ ...r2, endpoint, urlTtlSec: 60 });
    // A part of 5 MiB is filled every two seconds.
    camera = await startTestCamera({
      capture: await capture({ seconds: 16, fps: 15, gopSec: 1, kbps: 20_000 }),
    });
  }, 120_000);

  afterAll(async () => {
    await camera?.close();
    await store?.close();
    await minio?.close();
    await rm(dir, { recursive: true, force: true, maxRetries: 10 });
  });

  /** The clip is right, and its pictures follow each other. */
  async function expectWhole(file: string, mayHaveUnusedPayload = false): Promise<void> {
    expect(await ffprobeWarnings(file)).toBe('');
    await strictBoxes(file, { mayHaveUnusedPayload });
    const counters = (await readFrames(file)).map(({ counter }) => counter);
    expect(counters).toEqual(counters.map((_, i) => (counters[0]! + i) % 240));
  }

  async function keysBelow(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of store.list(prefix)) keys.push(key);
    return keys;
  }

  test('objects, guarded objects and uploads in parts', async () => {
    await store.check();
    await store.put('a/one.mp4', bufferBody(Buffer.alloc(1_000)), 'video/mp4');
    expect(await store.stat('a/one.mp4')).toMatchObject({ size: 1_000, contentType: 'video/mp4' });

    const guarded = store.guarded!;
    const first = await guarded.write('a/guarded', Buffer.from('1'), 'text/plain', undefined);
    await guarded.write('a/guarded', Buffer.from('2'), 'text/plain', first);
    for (const etag of [undefined, first])
      await expect(guarded.write('a/guarded', Buffer.from('3'), 'text/plain', etag)).rejects.toThrow(
        ObjectChanged,
      );
    expect((await guarded.read('a/guarded'))!.bytes.toString()).toBe('2');

    const upload = await store.uploads!.begin('a/parts.mp4', 'video/mp4', 'installation', {});
    const parts = new Map<number, SentPart>();
    for (const number of [2, 3, 1]) {
      const etag = await upload.sendPart(number, Buffer.alloc(5 * mib, number), {});
      parts.set(number, { bytes: 5 * mib, etag });
    }
    expect(new Map([...(await upload.listParts())!].sort())).toEqual(new Map([...parts].sort()));
    for (let times = 0; times < 2; times++) await upload.complete(parts, {});
    expect((await store.stat('a/parts.mp4'))!.size).toBe(15 * mib);

    const gone = await store.uploads!.begin('a/gone.mp4', 'video/mp4', 'installation', {});
    for (let times = 0; times < 2; times++) await gone.abort();
    await expect(gone.sendPart(1, Buffer.alloc(5 * mib), {})).rejects.toThrow(UploadGone);
    await expect(gone.complete(parts, {})).rejects.toThrow(UploadGone);

    const keys = await keysBelow('a/');
    expect(keys).toEqual(['a/guarded', 'a/one.mp4', 'a/parts.mp4']);
    expect((await store.removeAll(keys.map((key) => ({ key })))).size).toBe(0);
    expect(await keysBelow('a/')).toEqual([]);
  });

  test('a clip that is uploaded while it is recorded', async () => {
    const app = await startTestApp({ r2: { ...r2, endpoint, urlTtlSec: 60 } });
    onTestFinished(() => app.close());
    const db = connectDb(app.config.databaseUrl!);
    onTestFinished(() => db.$disconnect());
    const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
    const event = await createEvent(app.client, { cameraId });
    const { id } = event.playback!;
    // After this time, two parts are in the bucket.
    const offsiteUntil = async () =>
      (await db.playback.findUniqueOrThrow({ where: { id } })).offsiteUntil?.getTime() ?? 0;
    const wanted = Date.parse(event.playback!.startedAt) + 6_000;
    await expect.poll(offsiteUntil, { timeout: 60_000 }).toBeGreaterThan(wanted);
    await endEvent(app.client, event.id);
    const playback = await awaitEnd(app.client, event);
    expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', failure: null });
    expect(playback.fileSizeBytes).toBeGreaterThan(10 * mib);
    await expectWhole(await download(playback, dir));
    await expect.poll(() => keysBelow('recovery/'), { timeout: 20_000 }).toEqual([]);
  }, 120_000);

  test('a clip that is recovered from the bucket alone', async () => {
    const environment = {
      ...{ R2_ENDPOINT: endpoint, R2_BUCKET: r2.bucket, R2_REGION: r2.region },
      ...{ R2_ACCESS_KEY_ID: r2.accessKeyId, R2_SECRET_ACCESS_KEY: r2.secretAccessKey },
    };
    const lost = await createTestDatabase();
    const dataDir = path.join(dir, 'lost');
    const server = await startServer({
      ...{ DATA_DIR: dataDir, DATABASE_URL: lost.url, PORT: '0', SPOOL_MIN_FREE_BYTES: '0' },
      ...environment,
    });
    onTestFinished(() => server.kill());
    const client = connectClient(server.url);
    const adding = 'mutation($input: CreateCameraInput!) { createCamera(input: $input) { camera { id } } }';
    const input = { name: 'Yard', rtspUrl: camera.url, preRollSec: 2 };
    const added = await client.run<{ createCamera: { camera: { id: string } } }>(adding, { input });
    const { playback } = await createEvent(client, { cameraId: added.createCamera.camera.id });
    const { id } = playback!;
    const query = 'query($id: ID!) { playback(id: $id) { offsiteUntil } }';
    const until = async () =>
      Date.parse(
        (await client.run<{ playback: { offsiteUntil: string } }>(query, { id })).playback.offsiteUntil,
      );
    await vi.waitUntil(async () => (await until()) > Date.parse(playback!.startedAt) + 6_000, 60_000);
    server.kill();
    await server.over();
    await lost.drop();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });

    const fresh = await createTestDatabase();
    onTestFinished(() => fresh.drop());
    const settings = { DATA_DIR: path.join(dir, 'new'), DATABASE_URL: fresh.url, ...environment };
    const child = runProgram('src/recover.ts', ['--force'], settings);
    let words = '';
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (chunk) => {
        words += chunk;
      });
    await once(child, 'close');
    const key = new RegExp(`${id}: recovered .* as (\\S+)`).exec(words)?.[1];
    expect(key, words).toBeDefined();
    const file = path.join(dir, 'recovered.mp4');
    await writeFile(file, Buffer.from(await (await fetch(await store.url(key!))).arrayBuffer()));
    await expectWhole(file, true);
    expect(await keysBelow('recovery/')).toEqual([]);
  }, 180_000);
});
