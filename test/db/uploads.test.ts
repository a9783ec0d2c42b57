// Uploads in the database: each has its own key, and the objects of the previous key are removed.
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectDb, type Db } from '../../src/db/client.ts';
import { removePlaybacks } from '../../src/db/playback-removal.ts';
import { installationId, saveUploadId, takeAttempt } from '../../src/db/uploads.ts';
import { objectKeys, playbackOfKey } from '../../src/domain/store-keys.ts';
import type { RecordingStatus } from '../../src/generated/prisma/client.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';

const layout = { partBytes: 5 * 1024 ** 2, headBytes: 65_536 };

let database: TestDatabase;
let db: Db;
let cameraId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDb(database.url);
  cameraId = (await db.camera.create({ data: { name: 'Gate', rtspUrl: 'rtsp://127.0.0.1:9/' } })).id;
});

afterAll(async () => {
  await db.$disconnect();
  await database.drop();
});

const addPlayback = (recordingStatus: RecordingStatus) =>
  db.playback.create({ data: { cameraId, recordingStatus, storagePath: 'a.mp4', fileSizeBytes: 1n } });

const removals = async () =>
  (await db.storeRemoval.findMany({ orderBy: { key: 'asc' } })).map(({ key, uploadId }) => ({
    key,
    uploadId,
  }));

test('a playback without an upload keeps the key that earlier versions gave it', () => {
  const id = '01900000-0000-7000-8000-000000000001';
  const playback = { id, cameraId, startedAt: new Date('2026-11-28T23:00:00Z'), uploadAttempt: 0 };
  const keys = [objectKeys(playback), objectKeys({ ...playback, uploadAttempt: 12 })];
  expect(keys.map(({ clip }) => clip)).toEqual([
    `${cameraId}/2026-11-28/${id}.mp4`,
    `${cameraId}/2026-11-28/${id}.12.mp4`,
  ]);
  for (const key of keys.flatMap((both) => Object.values(both))) expect(playbackOfKey(key)).toBe(id);
  for (const other of ['0.mp4', '1.jpg', 'x.mp4', '1.1.mp4']) {
    expect(playbackOfKey(`${cameraId}/2026-11-28/${id}.${other}`), other).toBeUndefined();
  }
});

test('the next attempt has the next key, and the previous attempt is listed for removal', async () => {
  const first = (await takeAttempt(db, await addPlayback('RECORDING'), layout))!;
  expect(first).toMatchObject({ uploadAttempt: 1, uploadId: null, uploadHeadBytes: 65_536 });
  // Nothing was stored under the previous key.
  expect(await removals()).toEqual([]);
  const begun = (await saveUploadId(db, first, 'upload-1'))!;
  expect(begun.uploadId).toBe('upload-1');

  const second = (await takeAttempt(db, begun, undefined))!;
  expect(second).toMatchObject({
    uploadAttempt: 2,
    uploadId: null,
    uploadPartBytes: null,
    uploadHeadBytes: null,
  });
  expect(await removals()).toEqual([{ key: objectKeys(first).clip, uploadId: 'upload-1' }]);
  await db.storeRemoval.deleteMany();
});

test('when two servers take the same attempt or begin its upload, one succeeds', async () => {
  const row = await addPlayback('RECORDING');
  const taken = await Promise.all([takeAttempt(db, row, layout), takeAttempt(db, row, layout)]);
  expect(taken.filter(Boolean)).toHaveLength(1);
  const one = taken.find(Boolean)!;
  const saved = await Promise.all(['a', 'b'].map((id) => saveUploadId(db, one, id)));
  expect(saved.filter(Boolean)).toHaveLength(1);
  // A server that has not read the upload's id cannot give it up either.
  expect(await takeAttempt(db, one, layout)).toBeUndefined();
});

test('a clip that may already be stored is removed when its playback gets another key', async () => {
  const row = await addPlayback('PROCESSING');
  await takeAttempt(db, row, layout);
  expect(await removals()).toEqual([{ key: objectKeys(row).clip, uploadId: null }]);
  await db.storeRemoval.deleteMany();
});

test('a COMPLETED playback gets no other key', async () => {
  expect(await takeAttempt(db, await addPlayback('COMPLETED'), layout)).toBeUndefined();
});

test('deleting a playback aborts its upload', async () => {
  const row = (await takeAttempt(db, await addPlayback('RECORDING'), layout))!;
  await saveUploadId(db, row, 'upload-2');
  await removePlaybacks(db, { id: row.id });
  const { clip, poster, storyboard, storyboardVtt } = objectKeys(row);
  expect(await removals()).toEqual([
    { key: clip, uploadId: 'upload-2' },
    { key: poster, uploadId: null },
    { key: storyboard, uploadId: null },
    { key: storyboardVtt, uploadId: null },
  ]);
});

test('a database has one installation id', async () => {
  await expect(db.installation.create({ data: {} })).rejects.toThrow('Unique constraint');
  expect(await installationId(db)).toMatch(/^[0-9a-f-]{36}$/);
});

test('an upload that is begun while its playback is being deleted is listed for removal', async () => {
  const { id } = await addPlayback('PROCESSING');
  const other = new pg.Client({ connectionString: database.url });
  await other.connect();
  await other.query('BEGIN');
  await other.query(`UPDATE playbacks SET upload_attempt = 1, upload_id = 'begun' WHERE id = $1`, [id]);
  // It finds the row as it was, and waits for the other transaction before it can delete it.
  const removing = db.$transaction((tx) => removePlaybacks(tx, { id }));
  const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  await expect.poll(async () => (await other.query(waiting)).rowCount).toBe(1);
  await other.query('COMMIT');
  expect(await removing).toEqual([id]);
  await other.end();
  expect(await removals()).toContainEqual({
    key: expect.stringMatching(new RegExp(`/${id}\\.1\\.mp4$`)),
    uploadId: 'begun',
  });
});
