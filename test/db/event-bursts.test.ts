// Many events at the same time share statements, but not failures.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { findCamera, insertCamera } from '../../src/db/cameras.ts';
import { connectDb, type Db } from '../../src/db/client.ts';
import { saveEventEnd } from '../../src/db/ends.ts';
import { findEvent, insertEvent as insert, type NewEvent } from '../../src/db/events.ts';
import { newId } from '../../src/db/ids.ts';
import { newestPlayback, newPlayback } from '../../src/db/playbacks.ts';
import { beginRecording } from '../../src/db/transitions.ts';
import type { Camera } from '../../src/generated/prisma/client.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { recordStatements, type Statements } from '../support/database/statements.ts';

let database: TestDatabase;
let db: Db;
let statements: Statements;
let camera: Camera;
const at = new Date();

beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDb(database.url);
  statements = recordStatements(database.url);
  const times = { preRollSec: 5, postRollSec: 2, maxDurationSec: 60 };
  const settings = { name: 'Yard', rtspUrl: 'rtsp://127.0.0.1/yard', channel: 1, enabled: true };
  camera = await insertCamera(db, { ...settings, ...times, recordOn: ['MOTION'] });
});

beforeEach(() => void statements.take());

afterAll(async () => {
  statements.stop();
  await db.$disconnect();
  await database.drop();
});

const eventOf = (label: string, change: Partial<NewEvent> = {}): NewEvent => ({
  id: newId(),
  cameraId: camera.id,
  channel: 1,
  type: 'MOTION',
  label,
  description: null,
  metadata: { label, nothing: null },
  startedAt: at,
  leaseExpiresAt: null,
  idempotencyKey: null,
  createdByKey: null,
  ...change,
});
const playbackOf = (cameraId = camera.id) =>
  newPlayback({ cameraId, startedAt: at, preRollSec: 5, deadlineAt: new Date(at.getTime() + 60_000) });
/** Without a rate no event is refused. */
const insertEvent = async (...args: Parameters<typeof insert>) => {
  const inserted = await insert(...args);
  if (!('event' in inserted)) throw new Error('It was refused.');
  return inserted;
};
const labels = Array.from({ length: 100 }, (_, i) => `event ${i}`);

test('a hundred events are looked up, written and begun in a few statements, each with its own data', async () => {
  const wanted = labels.map((label) => ({ event: eventOf(label), playback: playbackOf() }));
  const cameras = await Promise.all(labels.map(() => findCamera(db, camera.id)));
  expect(cameras).toEqual(labels.map(() => camera));
  const made = await Promise.all(wanted.map(({ event, playback }) => insertEvent(db, event, playback, at)));
  const begun = await Promise.all(
    wanted.map(({ playback: { id } }, i) =>
      beginRecording(db, {
        id,
        at,
        localPath: `/spool/${id}`,
        streamUrl: camera.rtspUrl,
        clipStartedAt: new Date(at.getTime() - 5_000 - i),
        preRollMs: 5_000 + i,
        missedMs: 0,
      }),
    ),
  );
  expect(statements.take().length).toBeLessThan(20);

  for (const [i, { event, playback }] of wanted.entries()) {
    expect(made[i]).toMatchObject({ created: true, event });
    const row = await db.playback.findUniqueOrThrow({
      where: { id: playback.id },
      include: { event: { omit: { metadata: false } }, transitions: { orderBy: { id: 'asc' } } },
    });
    const { event: written, transitions, ...rest } = row;
    // The database makes the words, which queries leave out.
    const { words: _, ...inserted } = made[i]!.event;
    expect(written).toEqual({ ...inserted, updatedAt: written!.updatedAt });
    expect(begun[i]).toEqual(rest);
    expect(rest).toMatchObject({
      recordingStatus: 'RECORDING',
      preRollMs: 5_000 + i,
      localPath: `/spool/${playback.id}`,
      deadlineAt: playback.deadlineAt,
    });
    expect(transitions.map(({ from, to }) => [from, to])).toEqual([
      [null, 'PENDING'],
      ['PENDING', 'RECORDING'],
    ]);
  }
});

test('a hundred events are ended in a few statements; only the first end of an event counts', async () => {
  const playbacks = labels.map(() => playbackOf());
  const made = await Promise.all(labels.map((label, i) => insertEvent(db, eventOf(label), playbacks[i], at)));
  const ids = made.map(({ event }) => event.id);
  const end = (i: number, sec: number) => {
    return saveEventEnd(db, { id: ids[i]!, endedAt: new Date(at.getTime() + sec * 1_000 + i), at });
  };
  expect(await end(7, 5)).toMatchObject({ isEnded: true, stopped: [{ id: playbacks[7]!.id }] });
  statements.take();
  const ended = await Promise.all(ids.map((_, i) => end(i, 10)));
  const events = await Promise.all(ids.map((id) => findEvent(db, id)));
  const newest = await Promise.all(ids.map((id) => newestPlayback(db, id)));
  expect(statements.take().length).toBeLessThan(20);
  for (const [i, event] of events.entries()) {
    const endedAt = new Date(at.getTime() + (i === 7 ? 5_000 : 10_000) + i);
    const recordUntil = new Date(endedAt.getTime() + 2_000);
    expect(ended[i]).toMatchObject(
      i === 7
        ? { isEnded: false, stopped: [] }
        : { isEnded: true, stopped: [{ id: playbacks[i]!.id, recordUntil }] },
    );
    expect(event).toMatchObject({ id: ids[i], endedAt });
    expect(newest[i]).toMatchObject({ id: playbacks[i]!.id, endedAt, endReason: 'ENDED', recordUntil });
  }
});

test('an event whose camera was just deleted fails alone', async () => {
  const gone = newId();
  const answers = await Promise.allSettled(
    labels.map((label, i) => {
      const cameraId = i === 50 ? gone : camera.id;
      return insertEvent(db, eventOf(label, { cameraId }), playbackOf(cameraId), at);
    }),
  );
  expect(answers.map(({ status }) => status)).toEqual(
    labels.map((_, i) => (i === 50 ? 'rejected' : 'fulfilled')),
  );
});

test('of several events with one key, the first is written and the others return it', async () => {
  const idempotencyKey = 'once';
  const answers = await Promise.all(
    labels.map((label) => insertEvent(db, eventOf(label, { idempotencyKey }), playbackOf(), at)),
  );
  const [first, ...more] = answers.filter(({ created }) => created);
  expect(more).toEqual([]);
  for (const { event } of answers) expect(event.id).toBe(first!.event.id);
  expect(await db.playback.count({ where: { eventId: first!.event.id } })).toBe(1);
});

test('events whose commit was not acknowledged count as written', async () => {
  let lost = 0;
  const deaf = new Proxy(db, {
    get(target, name) {
      if (name !== '$queryRaw') return Reflect.get(target, name);
      return async (...args: Parameters<Db['$queryRaw']>) => {
        const answer = await (target.$queryRaw(...args) as Promise<unknown[]>);
        if (answer.length > 1 && lost++ === 0) throw new Error('The connection was reset.');
        return answer;
      };
    },
  });
  const answers = await Promise.all(
    labels.map((label) => insertEvent(deaf, eventOf(label), playbackOf(), at)),
  );
  expect(lost).toBeGreaterThan(0);
  for (const answer of answers) {
    expect(answer.created).toBe(true);
    expect(await db.playback.count({ where: { eventId: answer.event.id } })).toBe(1);
  }
});

test('each caller may report as many events as its rate allows, over all nodes, and an event that is tried again counts once', async () => {
  const rate = { perMinute: 60, burst: 10 };
  // Each node has a pool of its own.
  const other = connectDb(database.url);
  const report = (createdByKey: string, i: number) =>
    insert(i % 2 ? db : other, eventOf(`rated ${i}`, { createdByKey }), playbackOf(), at, rate);
  const [busy, modest] = await Promise.all([
    Promise.all(labels.map((_, i) => report('busy', i))),
    Promise.all(labels.slice(0, 6).map((_, i) => report('modest', i))),
  ]);
  expect(modest.every(({ created }) => created)).toBe(true);
  expect(busy.filter(({ created }) => created)).toHaveLength(10);
  expect(await db.event.count({ where: { createdByKey: 'busy' } })).toBe(10);
  expect(await db.playback.count({ where: { event: { createdByKey: 'busy' } } })).toBe(10);
  for (const it of busy) {
    if (it.created) continue;
    // The next token is there after a second; nothing was written meanwhile.
    expect(it).toEqual({ created: false, retryAfterMs: expect.any(Number) });
    const { retryAfterMs } = it as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(1_000);
  }
  await expect
    .poll(async () => (await report('busy', 0)).created, { timeout: 3_000, interval: 100 })
    .toBe(true);

  const event = eventOf('again', { createdByKey: 'careful' });
  for (let n = 0; n < 12; n++)
    expect(await insert(db, event, playbackOf(), at, rate)).toMatchObject({ created: true });
  const rest = await Promise.all(labels.slice(0, 20).map((_, i) => report('careful', i)));
  expect(rest.filter(({ created }) => created)).toHaveLength(9);
  await other.$disconnect();
});
