// Several clips as one ZIP: whole whatever happens to the clips meanwhile, flat in memory, for who may see them.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { bufferBody } from '../../src/store/body.ts';
import { createS3Store } from '../../src/store/s3.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { connectClient, type TestClient } from '../support/app/client.ts';
import { until } from '../support/camera/reader.ts';
import { writePast } from '../support/database/history.ts';
import { r2Of, startS3Server } from '../support/s3/s3-server.ts';

const run = promisify(execFile);
const mib = 1024 * 1024;
const secretOf = (name: string) => `secret-of-the-key-${name}`;
const noon = Date.parse('2026-03-10T11:00:00Z');

let app: TestApp;
let sql: pg.Client;
let viewer: TestClient;
/** Oldest first; the second and the third happened in the same second. */
let clips: { id: string; file: string }[];

beforeAll(async () => {
  const apiKeys = [
    { name: 'admin', role: 'ADMIN', secret: secretOf('admin') },
    { name: 'viewer', role: 'VIEWER', secret: secretOf('viewer') },
    { name: 'detector', role: 'ANALYTICS', secret: secretOf('detector') },
  ] as const;
  app = await startTestApp({ apiKeys: [...apiKeys] });
  viewer = connectClient(app.app.url, secretOf('viewer'));
  const cameraId = await app.addCamera(
    { name: 'Cửa trước', rtspUrl: 'rtsp://127.0.0.1:9/none', enabled: false },
    'DISABLED',
  );
  sql = new pg.Client({ connectionString: app.config.databaseUrl! });
  await sql.connect();
  const starts = [0, 60_000, 60_400, 120_000].map((ms) => new Date(noon + ms));
  await writePast(
    app.config.databaseUrl!,
    starts.map((startedAt) => ({ cameraId, startedAt })),
  );
  await writePast(app.config.databaseUrl!, [{ cameraId, startedAt: new Date(noon), failed: true }]);
  const { rows } = await sql.query(
    `SELECT id, storage_path AS key FROM playbacks WHERE storage_path IS NOT NULL ORDER BY started_at`,
  );
  clips = rows.map(({ id, key }) => ({ id, file: path.join(app.config.dataDir, 'media', key) }));
  await mkdir(path.dirname(clips[0]!.file), { recursive: true });
});

afterAll(async () => {
  await viewer.close();
  await sql.end();
  await app.close();
});

async function linkTo(ids: readonly string[], by = viewer, timeZone = 'Asia/Ho_Chi_Minh') {
  const query = 'query($ids: [ID!]!, $timeZone: String!) { clipsUrl(ids: $ids, timeZone: $timeZone) }';
  return (await by.run<{ clipsUrl: string | null }>(query, { ids, timeZone })).clipsUrl;
}

const idsOf = (some: readonly { id: string }[] = clips) => some.map(({ id }) => id);

/** Writes other bytes into each clip. */
const fill = () =>
  Promise.all(
    clips.map(async ({ file }, i) => {
      const bytes = randomBytes(i === 0 ? 0 : 300_000 + i);
      await writeFile(file, bytes);
      return bytes;
    }),
  );

/** Downloads a ZIP and has it unpacked by unzip, which checks every file. @returns its files */
async function unzipped(url: string): Promise<Record<string, Buffer>> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-zip-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const response = await fetch(url);
  expect(response.headers.get('content-type')).toBe('application/zip');
  await writeFile(path.join(dir, 'all.zip'), Buffer.from(await response.arrayBuffer()));
  const { stdout } = await run('unzip', ['-t', path.join(dir, 'all.zip')]);
  expect(stdout).toContain('No errors detected');
  await run('unzip', ['-q', path.join(dir, 'all.zip'), '-d', path.join(dir, 'all')]);
  const names = (await readdir(path.join(dir, 'all'))).sort();
  const read = async (name: string) => [name, await readFile(path.join(dir, 'all', name))] as const;
  return Object.fromEntries(await Promise.all(names.map(read)));
}

test('has the clips unchanged, under the names of single downloads', async () => {
  const written = await fill();
  const url = (await linkTo([...idsOf().reverse(), idsOf()[0]!.toUpperCase()]))!;
  const files = await unzipped(url);
  expect(Object.keys(files)).toEqual([
    '2026-03-10_18-00-00_cửa-trước_motion.mp4',
    '2026-03-10_18-01-00_cửa-trước_motion.mp4',
    '2026-03-10_18-01-00_cửa-trước_motion_2.mp4',
    '2026-03-10_18-02-00_cửa-trước_motion.mp4',
  ]);
  for (const [i, bytes] of Object.values(files).entries()) expect(bytes.equals(written[i]!)).toBe(true);
  const { headers } = await fetch(url, { method: 'HEAD' });
  expect(headers.get('content-disposition')).toBe('attachment; filename="2026-03-10_18-00-00_4-clips.zip"');
});

test('is whole and says what is missing if clips vanish after the link was made', async () => {
  const written = await fill();
  const { rows } = await sql.query(`SELECT id FROM playbacks WHERE recording_status = 'FAILED'`);
  const url = (await linkTo([...idsOf(), rows[0].id]))!;
  await rm(clips[1]!.file);
  await app.client.run('mutation($id: ID!) { deletePlayback(id: $id) { id } }', { id: clips[3]!.id });
  const { 'missing.txt': missing, ...files } = await unzipped(url);
  expect(Object.keys(files)).toEqual([
    '2026-03-10_18-00-00_cửa-trước_motion.mp4',
    '2026-03-10_18-01-00_cửa-trước_motion_2.mp4',
  ]);
  expect(Object.values(files)[1]!.equals(written[2]!)).toBe(true);
  expect(missing!.toString()).toBe(
    `The playback ${clips[3]!.id} was deleted.\n` +
      `2026-03-10_18-01-00_cửa-trước_motion.mp4 could not be read (playback ${clips[1]!.id}).\n`,
  );
  expect(app.logged.filter((line) => line.includes('could not be read for a ZIP'))).toHaveLength(1);
});

test('is whole if a bucket’s object vanishes while it is read', async () => {
  const bucket = await startS3Server();
  const of = await startTestApp({ r2: { ...r2Of(bucket), urlTtlSec: 600 } });
  onTestFinished(() => Promise.all([of.close(), bucket.close()]).then(() => {}));
  const cameraId = await of.addCamera({ rtspUrl: 'rtsp://127.0.0.1:9/none', enabled: false }, 'DISABLED');
  const startedAt = [0, 60_000].map((ms) => new Date(noon + ms));
  await writePast(
    of.config.databaseUrl!,
    startedAt.map((startedAt) => ({ cameraId, startedAt })),
  );
  const { playbacks } = await of.client.run<{
    playbacks: { items: { id: string; event: { id: string } }[] };
  }>('{ playbacks { items { id event { id } } } }');
  const store = createS3Store({ ...bucket, urlTtlSec: 60 });
  const bytes = randomBytes(300_000);
  for (const { event } of playbacks.items)
    await store.put(`past/${event.id}.mp4`, bufferBody(bytes), 'video/mp4');
  await store.close();
  const url = (await linkTo(idsOf(playbacks.items), of.client, 'UTC'))!;
  bucket.fail({ match: (op) => op === 'GetObject', times: 1, reset: 'midway' });
  bucket.fail({ match: (op) => op === 'GetObject', times: 1, status: 404, code: 'NoSuchKey' });
  const [[, cut], [, whole], [missing, text]] = Object.entries(await unzipped(url)) as [
    [string, Buffer],
    [string, Buffer],
    [string, Buffer],
  ];
  expect(bytes.subarray(0, cut!.length).equals(cut!)).toBe(true);
  expect(cut!.length).toBeLessThan(bytes.length);
  expect(whole!.equals(bytes)).toBe(true);
  expect(missing).toBe('missing.txt');
  expect(text!.toString()).toBe(
    `2026-03-10_11-00-00_camera_motion.mp4 is cut off (playback ${playbacks.items[1]!.id}).\n`,
  );
});

test('is for callers who may see the clips, as long as their key holds', async () => {
  const detector = connectClient(app.app.url, secretOf('detector'));
  onTestFinished(() => detector.close());
  expect(await linkTo(idsOf(), detector)).toBeNull();
  expect(await linkTo(['no id'])).toBeNull();
  const { createApiKey } = await app.client.run<{ createApiKey: { secret: string; apiKey: { id: string } } }>(
    'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } } }',
    { input: { name: 'guest', role: 'VIEWER' } },
  );
  const guest = connectClient(app.app.url, createApiKey.secret);
  onTestFinished(() => guest.close());
  const url = (await linkTo(idsOf([clips[2]!]), guest))!;
  expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
  const other = (await linkTo(idsOf([clips[0]!])))!.split('/').at(-2)!;
  const forged = url.replace(/[^/]+(?=\/[^/]+$)/, other);
  expect((await fetch(forged)).status).toBe(403);
  await app.client.run('mutation($id: ID!) { revokeApiKey(id: $id) { apiKey { id } } }', {
    id: createApiKey.apiKey.id,
  });
  expect((await fetch(url)).status).toBe(403);

  for (const [ids, timeZone, problem] of [
    [[], 'UTC', 'Expected 1 to 100 ids.'],
    [idsOf(), 'Mars/Base', 'Expected the name of a time zone, like Europe/Berlin.'],
  ] as const) {
    const failure = await viewer.fail(
      'query($ids: [ID!]!, $timeZone: String!) { clipsUrl(ids: $ids, timeZone: $timeZone) }',
      { ids, timeZone },
    );
    expect(failure.issues?.map(({ message }) => message)).toEqual([problem]);
  }
});

test('is not held in memory, and a clip is closed when the client leaves', async () => {
  const size = 200 * mib;
  const sparse = await open(clips[2]!.file, 'w');
  await sparse.truncate(size);
  await sparse.close();
  const opened = async () => {
    const all = await readdir('/proc/self/fd');
    const targets = await Promise.all(all.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
    return targets.includes(clips[2]!.file);
  };
  const url = (await linkTo(idsOf([clips[2]!])))!;
  const before = process.memoryUsage.rss();
  let [read, most] = [0, 0];
  for await (const bytes of (await fetch(url)).body!) {
    read += bytes.length;
    most = Math.max(most, process.memoryUsage.rss());
  }
  expect(read).toBeGreaterThan(size);
  expect(most - before).toBeLessThan(100 * mib);

  const { body } = await fetch(url);
  const reader = body!.getReader();
  await reader.read();
  expect(await opened()).toBe(true);
  await reader.cancel();
  await until(async () => !(await opened()), 'the clip is closed');
});
