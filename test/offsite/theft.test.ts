// The server, its disk and its database are lost in the middle of an event. The bucket has what the clip needs.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { recoveryKeys } from '../../src/domain/store-keys.ts';
import { encodeManifest, type Manifest } from '../../src/offsite/manifest.ts';
import { createS3Store } from '../../src/store/s3.ts';
import { startTestApp } from '../support/app/app.ts';
import { connectClient } from '../support/app/client.ts';
import { readClip } from '../support/app/clip.ts';
import { awaitEnd, createEvent, endEvent } from '../support/app/playbacks.ts';
import { startTestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { createTestDatabase } from '../support/database/database.ts';
import { makeFragmented, split } from '../support/media/fragmented.ts';
import { readFrames } from '../support/media/frames.ts';
import { ffprobe, ffprobeWarnings } from '../support/media/judges.ts';
import { runProgram } from '../support/processes/program.ts';
import { bucketSettings, r2Of, type S3Server, startS3Server } from '../support/s3/s3-server.ts';
import { startServer } from '../torture/server.ts';

const everySec = 2;
let dir: string;
let bucket: S3Server;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-theft-'));
  bucket = await startS3Server();
});

afterAll(async () => {
  await bucket.close();
  await rm(dir, { recursive: true, force: true, maxRetries: 10 });
});

/** Runs `npm run recover` with an empty database. */
async function recover(args: readonly string[], databaseUrl: string) {
  const env = { DATA_DIR: path.join(dir, 'new'), DATABASE_URL: databaseUrl, ...bucketSettings(bucket) };
  const child = runProgram('src/recover.ts', args, env);
  const output: string[] = [];
  child.stdout!.on('data', (chunk) => output.push(String(chunk)));
  child.stderr!.on('data', (chunk) => output.push(String(chunk)));
  const [code] = await once(child, 'close');
  return { code, output: output.join('') };
}

test('a machine that is lost before any footage is in the bucket leaves nothing there', async () => {
  const { init } = split(await makeFragmented(path.join(dir, 'source.mkv'), { encode: '-c:v libx264' }));
  const store = createS3Store(r2Of(bucket));
  onTestFinished(() => store.close());
  const [installation, id, cameraId] = [randomUUID(), randomUUID(), randomUUID()];
  const manifest: Manifest = {
    ...{ format: 1, installation, event: null, upload: null, takenAt: null },
    playback: {
      ...{ id, startedAt: new Date().toISOString(), clipStartedAt: null },
      ...{ preRollSec: 2, gaps: [], uploadAttempt: 0 },
    },
    camera: { id: cameraId, name: 'Yard' },
    init: init.bytes.toString('base64'),
  };
  const key = recoveryKeys(installation, id).manifest;
  await store.guarded!.write(key, encodeManifest(manifest), 'application/json', undefined);
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const done = await recover(['--force'], database.url);
  expect(done).toMatchObject({ code: 0, output: expect.stringContaining('was lost before') });
  expect([...bucket.contents.objects.keys()]).toEqual([]);
}, 60_000);

test('after the loss of the disk alone, the clip comes from the bucket, and the event goes on in a further one', async () => {
  const camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  const app = await startTestApp({ r2: r2Of(bucket), offsiteEverySec: 1 });
  onTestFinished(async () => {
    await app.close();
    await camera.close();
  });
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
  const copies = app.client.subscribe('subscription { playbackOffsiteChanged { id } }');
  const event = await createEvent(app.client, { cameraId });
  await copies.next();
  const { id } = event.playback!;
  await app.restart(() => rm(path.join(app.config.recordDir, id), { recursive: true }));
  const first = await awaitEnd(app.client, event);
  expect(first).toMatchObject({ recordingStatus: 'COMPLETED', endReason: 'NODE_LOST', missedMs: 0 });
  const clip = await readClip(camera, first, dir);
  expect(clip.firstSentAt).toBeLessThan(Date.parse(first.startedAt));
  await endEvent(app.client, event.id);
  const playbacks = async () =>
    (
      await app.client.run<{ event: { playbacks: { id: string; recordingStatus: string }[] } }>(
        `{ event(id: "${event.id}") { playbacks { id recordingStatus } } }`,
      )
    ).event.playbacks.map(({ id, recordingStatus }) => [id, recordingStatus]);
  await expect.poll(playbacks, { timeout: 20_000 }).toEqual([
    [id, 'COMPLETED'],
    [expect.not.stringContaining(id), 'COMPLETED'],
  ]);
  // The next test counts what the bucket holds.
  const copiesLeft = () => [...bucket.contents.objects.keys()].filter((key) => key.startsWith('recovery/'));
  await expect.poll(copiesLeft).toEqual([]);
}, 60_000);

test.each([
  { kbps: 600, enoughBytes: 450_000, isInParts: false },
  { kbps: 12_000, enoughBytes: 22_000_000, isInParts: true },
])(
  'a camera of $kbps kbit/s: the clip lacks only the newest seconds',
  async ({ kbps, enoughBytes, isInParts }) => {
    const camera = await startTestCamera({ capture: await capture({ gopSec: 1, kbps }) });
    onTestFinished(() => camera.close());
    const database = await createTestDatabase();
    const dataDir = path.join(dir, `old-${kbps}`);
    const server = await startServer({
      ...{ DATA_DIR: dataDir, DATABASE_URL: database.url, PORT: '0', SPOOL_MIN_FREE_BYTES: '0' },
      ...bucketSettings(bucket),
      OFFSITE_EVERY_SEC: String(everySec),
    });
    onTestFinished(() => server.kill());
    const client = connectClient(server.url);
    const adding = 'mutation($input: CreateCameraInput!) { createCamera(input: $input) { camera { id } } }';
    const input = { name: 'Yard', rtspUrl: camera.url, preRollSec: 2, recordOn: ['PERSON'] };
    const { createCamera } = await client.run<{ createCamera: { camera: { id: string } } }>(adding, {
      input,
    });
    const cameraId = createCamera.camera.id;
    const event = await createEvent(client, { cameraId, type: 'PERSON', label: 'At the gate' });
    const before = bucket.log.length;
    const sentBytes = () =>
      bucket.log.slice(before).reduce((sum, { length, status }) => sum + (status === 200 ? length : 0), 0);
    await vi.waitUntil(() => sentBytes() > enoughBytes, { timeout: 90_000, interval: 50 });
    const stolenAt = Date.now();
    server.kill();
    await server.over();
    await database.drop();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });

    const fresh = await createTestDatabase();
    onTestFinished(() => fresh.drop());
    const listed = await recover(['--list'], fresh.url);
    expect(listed).toMatchObject({ code: 0, output: expect.stringContaining('Yard\tPERSON') });
    const refused = await recover([], fresh.url);
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('may be alive') });
    const done = await recover(['--force'], fresh.url);
    expect(done).toMatchObject({ code: 0, output: expect.stringContaining('recovered') });

    const sql = new pg.Client({ connectionString: fresh.url });
    await sql.connect();
    const { rows } = await sql.query(
      `SELECT p.*, e.type, e.label, c.name, c.enabled FROM playbacks p
       JOIN events e ON e.id = p.event_id JOIN cameras c ON c.id = p.camera_id`,
    );
    await sql.end();
    const [row] = rows;
    expect(rows).toMatchObject([
      {
        ...{ id: event.playback!.id, event_id: event.id, camera_id: cameraId },
        ...{ recording_status: 'COMPLETED', end_reason: 'NODE_LOST', type: 'PERSON', label: 'At the gate' },
        ...{ name: 'Yard', enabled: false, resolution: '320x180' },
      },
    ]);
    expect(bucket.log.some(({ op }) => op === 'CompleteMultipartUpload')).toBe(isInParts);
    // Only the clip is left.
    expect([...bucket.contents.objects.keys()].filter((key) => key.startsWith('recovery/'))).toEqual([]);
    expect(bucket.contents.uploads.size).toBe(0);

    const file = path.join(dir, `${kbps}.mp4`);
    await writeFile(file, await bucket.bytes(row.storage_path));
    expect((await bucket.bytes(row.storage_path)).length).toBe(Number(row.file_size_bytes));
    expect(await ffprobeWarnings(file)).toBe('');
    const frames = await readFrames(file);
    for (const [i, { counter }] of frames.slice(1).entries()) expect(counter).toBe(frames[i]!.counter + 1);
    const endsAt = row.clip_started_at.getTime() + Number((await ffprobe(file)).format.duration) * 1_000;
    // The line is as fast as this machine, so that two parts need no time.
    console.log(`${kbps} kbit/s: ${stolenAt - endsAt} ms are missing`);
    expect(stolenAt - endsAt).toBeLessThan(everySec * 1_250 + 4_000);
  },
  300_000,
);
