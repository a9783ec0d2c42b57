import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { connectDb, type Db } from '../../src/db/client.ts';
import { noteRemovals } from '../../src/db/removals.ts';
import type { RetentionRule } from '../../src/domain/retention.ts';
import { findBreaches } from '../../src/finishing/check.ts';
import { Remover } from '../../src/finishing/remover.ts';
import { Retention } from '../../src/finishing/retention.ts';
import { StoreWatch } from '../../src/finishing/store-watch.ts';
import type { EventType } from '../../src/generated/prisma/client.ts';
import { createLog } from '../../src/log.ts';
import { markSpool } from '../../src/spool/mark.ts';
import { isSpoolName } from '../../src/spool/names.ts';
import { bufferBody } from '../../src/store/body.ts';
import { createLocalStore } from '../../src/store/local.ts';
import { createS3Store } from '../../src/store/s3.ts';
import type { Store } from '../../src/store/store.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { until } from '../support/camera/reader.ts';
import { createTestDatabase } from '../support/database/database.ts';
import { runProgram } from '../support/processes/program.ts';
import { r2Of, startS3Server } from '../support/s3/s3-server.ts';

const dayMs = 24 * 3_600_000;

/** Makes a COMPLETED playback, with clip and poster in the store, that began `daysAgo`. */
async function addClip(
  db: Db,
  store: Store,
  cameraId: string,
  daysAgo: number,
  type?: EventType,
): Promise<string> {
  const startedAt = new Date(Date.now() - daysAgo * dayMs);
  const event = type && (await db.event.create({ data: { cameraId, type, startedAt } }));
  const { id } = await db.playback.create({ data: { cameraId, startedAt, eventId: event?.id ?? null } });
  const base = `${cameraId}/${startedAt.toISOString().slice(0, 10)}/${id}`;
  await store.put(`${base}.mp4`, bufferBody(Buffer.from('clip')), 'video/mp4');
  await store.put(`${base}.jpg`, bufferBody(Buffer.from('poster')), 'image/jpeg');
  await db.playback.update({
    where: { id },
    data: {
      recordingStatus: 'COMPLETED',
      storagePath: `${base}.mp4`,
      fileSizeBytes: 4n,
      thumbnailPath: `${base}.jpg`,
      thumbnailSizeBytes: 6,
    },
  });
  return id;
}

const named = (keys: readonly string[]) => keys.map((key) => ({ key }));

const addCamera = async (db: Db) =>
  (await db.camera.create({ data: { name: 'Camera', rtspUrl: 'rtsp://127.0.0.1:9/none', enabled: false } }))
    .id;

const keysOf = async (store: Store) => {
  const keys: string[] = [];
  for await (const { key } of store.list('')) if (key !== 'flashback-check') keys.push(key);
  return keys;
};

test('RETENTION_DAYS deletes only older COMPLETED playbacks, with their objects', async () => {
  const app = await startTestApp({ retentionDays: 7 });
  onTestFinished(() => app.close());
  const db = connectDb(app.config.databaseUrl!);
  onTestFinished(() => db.$disconnect());
  const store = createLocalStore({ dir: path.join(app.config.dataDir, 'media'), baseUrl: () => '' });
  const cameraId = await addCamera(db);
  const old = await Promise.all(Array.from({ length: 3 }, () => addClip(db, store, cameraId, 8)));
  const young = await addClip(db, store, cameraId, 6);
  const failed = await db.playback.create({
    data: { cameraId, startedAt: new Date(Date.now() - 30 * dayMs), recordingStatus: 'FAILED' },
  });
  await app.restart();
  await until(async () => (await keysOf(store)).length === 2, 'the old objects are gone');
  expect((await keysOf(store)).every((key) => key.includes(young))).toBe(true);
  const left = (await db.playback.findMany({ orderBy: { id: 'asc' } })).map(({ id }) => id);
  expect(left).toEqual([young, failed.id].sort());
  expect(left).not.toContain(old[0]);
  await until(async () => (await db.storeRemoval.count()) === 0, 'nothing is noted any more');
});

test('the rules of a camera count before RETENTION_DAYS, by age and by bytes, for all events or one type', async () => {
  const database = await createTestDatabase();
  onTestFinished(database.drop);
  const db = connectDb(database.url);
  onTestFinished(() => db.$disconnect());
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-rules-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const store = createLocalStore({ dir, baseUrl: () => '' });
  const cameraWith = async (...rules: Partial<RetentionRule>[]) => {
    const id = await addCamera(db);
    const retention = rules.map((rule) => ({ eventType: null, days: null, maxBytes: null, ...rule }));
    await db.camera.update({ where: { id }, data: { retention } });
    return id;
  };
  const [kept, gone] = [[] as string[], [] as string[]];
  const clip = async (to: string[], cameraId: string, daysAgo: number, type?: EventType) =>
    to.push(await addClip(db, store, cameraId, daysAgo, type));

  const byAge = await cameraWith({ eventType: 'PERSON', days: 90 }, { days: 10 });
  await clip(kept, byAge, 80, 'PERSON');
  await clip(gone, byAge, 100, 'PERSON');
  await clip(gone, byAge, 20, 'MOTION');
  await clip(gone, byAge, 20);
  await clip(kept, byAge, 5, 'MOTION');
  const global = await cameraWith();
  await clip(kept, global, 20);
  await clip(gone, global, 40);
  const longer = await cameraWith({ days: 60 });
  await clip(kept, longer, 40);
  // Clip and poster together have ten bytes.
  const byBytes = await cameraWith({ maxBytes: 35 });
  for (const daysAgo of [4, 3, 2, 1]) await clip(kept, byBytes, daysAgo);
  await db.playback.update({ where: { id: kept.at(-2)! }, data: { protectedAt: new Date() } });
  await clip(gone, byBytes, 5);
  const byBytesOfType = await cameraWith({ eventType: 'MOTION', maxBytes: 15 });
  await clip(gone, byBytesOfType, 2, 'MOTION');
  await clip(kept, byBytesOfType, 1, 'MOTION');
  await clip(kept, byBytesOfType, 3, 'PERSON');
  // The last one in the order of cameras: after it, everything else was looked at.
  const last = await addClip(db, store, await cameraWith(), 40);

  const options = { days: 30, log: createLog('silent'), now: Date.now, onRemoved: () => {} };
  const retention = new Retention({ db, ...options });
  retention.start();
  onTestFinished(() => retention.close());
  await until(async () => (await db.playback.count({ where: { id: last } })) === 0, 'the last one is gone');
  const left = (await db.playback.findMany({ orderBy: { id: 'asc' } })).map(({ id }) => id);
  expect(left).toEqual(kept.sort());
  // Clip, poster, and the two objects of a storyboard.
  expect(await db.storeRemoval.count()).toBe((gone.length + 1) * 4);
});

test('a playback can be deleted while the bucket is down; its objects are removed later, also after a restart', async () => {
  const bucket = await startS3Server();
  onTestFinished(() => bucket.close());
  const app: TestApp = await startTestApp({
    r2: r2Of(bucket),
  });
  onTestFinished(() => app.close());
  const db = connectDb(app.config.databaseUrl!);
  onTestFinished(() => db.$disconnect());
  const cameraId = await addCamera(db);
  const id = '01900000-0000-7000-8000-000000000001';
  const clip = `${cameraId}/2026-01-01/${id}.mp4`;
  await db.playback.create({ data: { id, cameraId, startedAt: new Date('2026-01-01T00:00:00Z') } });
  await db.playback.update({
    where: { id },
    data: { recordingStatus: 'COMPLETED', storagePath: clip, fileSizeBytes: 1n },
  });
  await bucket.contents.put(clip, [], {}, 'etag');
  bucket.contents.begin(clip, {});
  await bucket.offline();
  await app.client.run('mutation($id: ID!) { deleteCamera(id: $id) { id } }', { id: cameraId });
  expect(await db.playback.count()).toBe(0);
  const restarted = app.restart();
  await sleep(500);
  await bucket.online();
  await restarted;
  await until(() => !bucket.contents.objects.has(clip), 'the clip is gone');
  await until(() => bucket.contents.uploads.size === 0, 'what was begun is gone');
}, 60_000);

test('objects that cannot be removed do not delay others, and are retried with growing pauses', async () => {
  const bucket = await startS3Server();
  onTestFinished(() => bucket.close());
  const database = await createTestDatabase();
  onTestFinished(database.drop);
  const db = connectDb(database.url);
  onTestFinished(() => db.$disconnect());
  const store = createS3Store(r2Of(bucket));
  onTestFinished(() => store.close());
  const logged: string[] = [];
  const log = createLog('warn', { write: (line: string) => void logged.push(line) });
  const storeWatch = new StoreWatch(store, log);
  const remover = new Remover({ db, store, storeWatch, log });
  onTestFinished(() => remover.close());

  const keys = Array.from({ length: 18 }, (_, i) => `camera/2026-01-01/${i}.mp4`);
  const locked = keys.slice(0, 2);
  for (const key of keys) await bucket.contents.put(key, [], {}, 'etag');
  let isLocked = true;
  bucket.fail({
    match: (op, key) => op === 'DeleteObject' && isLocked && locked.includes(key),
    times: Number.POSITIVE_INFINITY,
    ...{ status: 409, code: 'ObjectLockedByBucketPolicy' },
  });
  await noteRemovals(db, named(keys));
  const tries = () =>
    bucket.log.filter(({ op, key }) => op === 'DeleteObject' && locked.includes(key)).length;
  const noted = () => db.storeRemoval.findMany({ orderBy: { key: 'asc' } });
  const pauses = [5, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600];
  for (const [round, pauseSec] of pauses.entries()) {
    await db.$executeRaw`UPDATE store_removals SET due_at = now()`;
    const before = Date.now();
    remover.nudge();
    await until(async () => (await noted()).every((it) => it.tries === round + 1), `round ${round} is over`);
    expect((await noted()).map(({ key }) => key)).toEqual([...locked].sort());
    for (const { dueAt } of await noted()) {
      expect((dueAt.getTime() - before) / 1_000).toBeGreaterThan(pauseSec - 1);
      expect((dueAt.getTime() - before) / 1_000).toBeLessThan(pauseSec + 10);
    }
    expect(tries()).toBe(2 * (round + 1));
    // This finds nothing due.
    remover.nudge();
  }
  expect([...bucket.contents.objects.keys()].filter((key) => keys.includes(key)).sort()).toEqual(
    [...locked].sort(),
  );
  const warnings = logged.filter((line) => line.includes('cannot be removed'));
  expect(warnings.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ key: locked[0], others: 1, error: expect.stringContaining('409') }),
  ]);

  isLocked = false;
  await db.$executeRaw`UPDATE store_removals SET due_at = now()`;
  remover.nudge();
  await until(async () => (await noted()).length === 0, 'nothing is noted any more');
});

describe('the check of rows, spool and store', { timeout: 60_000 }, () => {
  let db: Db;
  let databaseUrl: string;
  let store: Store;
  let dir: string;
  let recordDir: string;
  let cameraId: string;
  let drop: () => Promise<void>;

  beforeAll(async () => {
    const database = await createTestDatabase();
    drop = database.drop;
    databaseUrl = database.url;
    dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-check-'));
    recordDir = path.join(dir, 'spool');
    await mkdir(recordDir);
    await markSpool(recordDir);
    db = connectDb(database.url);
    store = createLocalStore({ dir: path.join(dir, 'media'), baseUrl: () => '' });
    cameraId = await addCamera(db);
  });

  afterAll(async () => {
    await db.$disconnect();
    await drop();
    await rm(dir, { recursive: true });
  });

  const check = () => findBreaches({ db, store, recordDir });

  async function command(flag: string): Promise<{ code: number; words: string }> {
    const child = runProgram('src/check-store.ts', [flag], { DATA_DIR: dir, DATABASE_URL: databaseUrl });
    let words = '';
    child.stdout!.on('data', (chunk) => {
      words += chunk;
    });
    const [code] = await once(child, 'close');
    return { code, words };
  }

  test('describes each breach, and repairs only what can be repaired without loss', async () => {
    const good = await addClip(db, store, cameraId, 1);
    expect(await check()).toEqual([]);

    const noPoster = await addClip(db, store, cameraId, 1);
    const noStoryboard = await addClip(db, store, cameraId, 1);
    const bytes = { storyboardBytes: 5, storyboardVttBytes: 7 };
    await db.playback.update({ where: { id: noStoryboard }, data: bytes });
    const noClip = await addClip(db, store, cameraId, 1);
    const spooled = await addClip(db, store, cameraId, 1);
    const row = async (id: string) => db.playback.findUniqueOrThrow({ where: { id } });
    await store.remove((await row(noPoster)).thumbnailPath!);
    await store.remove((await row(noClip)).storagePath!);
    const stray = '01900000-0000-7000-8000-00000000000a';
    await store.put(`${cameraId}/2026-01-01/${stray}.mp4`, bufferBody(Buffer.from('x')), 'video/mp4');
    for (const id of [spooled, stray]) await mkdir(path.join(recordDir, id), { recursive: true });
    await writeFile(path.join(recordDir, stray, '1.mp4'), 'torn');
    const { id: spoolless } = await db.playback.create({ data: { cameraId, recordingStatus: 'RECORDING' } });
    const { id: footageless } = await db.playback.create({
      data: { cameraId, recordingStatus: 'PROCESSING' },
    });

    const breaches = await check();
    const of = (id: string) => breaches.filter(({ text }) => text.includes(id)).map(({ text }) => text);
    expect(of(good)).toEqual([]);
    expect(of(noPoster)).toEqual([expect.stringMatching(/poster .* 6 bytes, but the store holds nothing/)]);
    expect(of(noStoryboard)).toEqual([
      expect.stringMatching(/^The storyboard .* 5 bytes, but the store holds nothing/),
      expect.stringMatching(/^The storyboard’s WebVTT .* 7 bytes, but the store holds nothing/),
    ]);
    expect(of(noClip)).toEqual([
      expect.stringMatching(/COMPLETED with 4 bytes, but the store holds nothing/),
    ]);
    expect(of(spooled)).toEqual([expect.stringMatching(/COMPLETED, but its spool is still there/)]);
    expect(of(stray)).toEqual([
      expect.stringMatching(/^The spool .* belongs to no playback/),
      expect.stringMatching(/^The object .* belongs to no playback/),
    ]);
    expect(of(spoolless)).toEqual([expect.stringMatching(/RECORDING, but it has no spool/)]);
    expect(of(footageless)).toEqual([
      expect.stringMatching(/PROCESSING, but no footage/),
      expect.stringMatching(/PROCESSING, but no job will finish it/),
    ]);
    expect(breaches).toHaveLength(10);

    // The command that an operator runs.
    const { code, words } = await command('--repair');
    for (const { text, repair } of breaches)
      expect(words).toContain(`${text}${repair ? ' Repaired.' : ''}\n`);
    expect(words.match(/Repaired/g)).toHaveLength(7);
    expect(code).toBe(1);
    const left = (await check()).map(({ text }) => text);
    expect(left).toHaveLength(3);
    for (const id of [noClip, spoolless, footageless]) expect(left.join()).toContain(id);
    expect((await readdir(recordDir)).filter(isSpoolName)).toEqual([]);
    expect((await db.storeRemoval.findMany()).map(({ key }) => key)).toEqual([
      `${cameraId}/2026-01-01/${stray}.mp4`,
    ]);
  });

  test('finds a removal of an object that its playback still needs, and forgets it', async () => {
    await db.storeRemoval.deleteMany();
    const id = await addClip(db, store, cameraId, 1);
    const protection = { protectedAt: new Date(), protectedBy: 'x', protectionReason: 'y' };
    const { storagePath } = await db.playback.update({ where: { id }, data: protection });
    await noteRemovals(db, named([storagePath!]));
    const [breach] = (await check()).filter(({ text }) => text.includes(id));
    expect(breach!.text).toMatch(
      /^The protected playback .* needs the object .*, which is about to be removed/,
    );
    await breach!.repair!();
    expect(await db.storeRemoval.count()).toBe(0);
    expect((await check()).filter(({ text }) => text.includes(id))).toEqual([]);
    await db.playback.update({ where: { id }, data: { protectedAt: null } });
  });

  test('leaves the unfinished uploads of other installations alone', async () => {
    await db.storeRemoval.deleteMany();
    const ours = await addClip(db, store, cameraId, 1);
    const { storagePath } = await db.playback.findUniqueOrThrow({ where: { id: ours } });
    const folder = path.join(dir, 'media', path.dirname(storagePath!));
    const theirs = '01900000-0000-7000-8000-00000000000b';
    for (const id of [ours, theirs]) await writeFile(path.join(folder, `.${id}.7.mp4.part`), 'begun');
    const begun = (await check()).filter(({ text }) => text.startsWith('The unfinished upload of'));
    expect(begun.map(({ text, repair }) => [text.includes(ours), repair !== undefined]).sort()).toEqual([
      [false, false],
      [true, true],
    ]);
    await begun.find(({ text }) => text.includes(ours))!.repair!();
    expect(await db.storeRemoval.findMany()).toMatchObject([
      { key: `${path.dirname(storagePath!)}/${ours}.7.mp4`, uploadId: null },
    ]);
    await db.storeRemoval.deleteMany();
    for (const id of [ours, theirs]) await rm(path.join(folder, `.${id}.7.mp4.part`));
  });

  test('repairs nothing with the wrong store or the wrong database', async () => {
    await db.playback.deleteMany();
    await db.storeRemoval.deleteMany();
    await rm(path.join(dir, 'media'), { recursive: true, force: true });
    const clips = [];
    for (let i = 0; i < 4; i++) clips.push(await addClip(db, store, cameraId, 1));
    const keys = (await keysOf(store)).length;
    const posters = () => db.playback.count({ where: { thumbnailPath: { not: null } } });

    const elsewhere = path.join(dir, 'elsewhere');
    await rename(path.join(dir, 'media'), elsewhere);
    const wrongStore = await command('--repair');
    expect(wrongStore.words).toContain(
      'The store has not even half of the objects that the database names: this may',
    );
    expect(wrongStore.words).not.toContain('Repaired');
    expect(wrongStore.code).toBe(1);
    expect(await posters()).toBe(4);

    await rename(elsewhere, path.join(dir, 'media'));
    const rowsOfOthers = await db.playback.findMany({ where: { id: { in: clips.slice(1) } } });
    await db.playback.deleteMany({ where: { id: { in: clips.slice(1) } } });
    const wrongDatabase = await command('--repair');
    expect(wrongDatabase.words).toContain(
      'More than half of what the store holds belongs to no playback: this may',
    );
    expect(wrongDatabase.words).not.toContain('Repaired');
    expect(await db.storeRemoval.count()).toBe(0);

    for (const { gaps, ...row } of rowsOfOthers)
      await db.playback.create({ data: { ...row, gaps: gaps ?? [] } });
    expect(await check()).toEqual([]);
    expect((await keysOf(store)).length).toBe(keys);
  });
});
