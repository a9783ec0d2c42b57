import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, endEvent, readPlayback } from '../support/app/playbacks.ts';
import { startTestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import type { Effect, Operation } from '../support/s3/faults.ts';
import { r2Of, type S3Server, startS3Server } from '../support/s3/s3-server.ts';

vi.setConfig({ testTimeout: 120_000, maxConcurrency: 6 });

interface Rig {
  readonly app: TestApp;
  readonly bucket: S3Server;
  /** Two recordings of one camera that is live. */
  readonly cameraIds: readonly string[];
  close(): Promise<void>;
}

async function startRig(): Promise<Rig> {
  const bucket = await startS3Server();
  const camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  // A silent connection is given up after four seconds instead of thirty.
  const patience = { attempts: 5, connectMs: 10_000, silenceMs: 4_000 };
  const r2 = { ...r2Of(bucket), patience };
  const app = await startTestApp({ r2 });
  const add = () => app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
  return {
    app,
    bucket,
    cameraIds: [await add(), await add()],
    async close() {
      await app.close();
      await camera.close();
      await bucket.close();
    },
  };
}

const isClip = (op: Operation, key: string) => op === 'PutObject' && key.endsWith('.mp4');

/** @param before runs after the event is reported and before it ends */
async function oneEvent({ app, cameraIds }: Rig, camera = 0, before = (_playbackId: string) => {}) {
  const event = await createEvent(app.client, { cameraId: cameraIds[camera]! });
  before(event.playback!.id);
  await endEvent(app.client, event.id);
  return event;
}

/** An event whose clip the bucket does not simply accept. */
const faultyEvent = (rig: Rig, times: number, effect: Effect) =>
  oneEvent(rig, 0, (id) =>
    rig.bucket.fail({ match: (op, key) => isClip(op, key) && key.includes(id), times, ...effect }),
  );

async function readinessOf({ app }: Rig) {
  const response = await fetch(`${app.client.url}/readyz`);
  return { status: response.status, text: await response.text() };
}

describe('a bucket that fails for one object', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig.close());

  test.concurrent('delays only that clip if it does not answer, and stores it later', async ({ expect }) => {
    const { app, bucket } = rig;
    const halfOpen = await faultyEvent(rig, 1, { stall: true });
    const { id } = halfOpen.playback!;
    await until(() => bucket.log.some(({ key }) => key.endsWith(`${id}.mp4`)), 'its upload has begun');
    expect((await awaitEnd(app.client, await oneEvent(rig, 1))).recordingStatus).toBe('COMPLETED');
    const playback = await awaitEnd(app.client, halfOpen);
    expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', failure: null });
    expect(playback.transitions).toHaveLength(4);
    const tries = bucket.log.filter(({ op, key }) => isClip(op, key) && key.includes(id));
    expect(tries.map(({ status }) => status)).toEqual([undefined, 200]);
    await expect.poll(() => readinessOf(rig)).toMatchObject({ status: 200 });
  });

  for (const [what, effect] of [
    ['answers 429', { status: 429, code: 'SlowDown' }],
    ['answers 500', { status: 500, code: 'InternalError' }],
    ['answers 503', { status: 503, code: 'SlowDown' }],
    ['is slow', { delayMs: 1_500 }],
    ['cuts the connection at once', { reset: 'at once' }],
    ['cuts the connection midway', { reset: 'midway' }],
    ['cuts the connection instead of answering', { reset: 'after' }],
    ['says once that a checksum does not fit', { status: 400, code: 'BadDigest' }],
  ] as [string, Effect][])
    test.concurrent(`stores the clip although for a while it ${what}`, async () => {
      expect(await awaitEnd(rig.app.client, await faultyEvent(rig, 1, effect))).toMatchObject({
        recordingStatus: 'COMPLETED',
        failure: null,
      });
    });

  for (const [what, effect] of [
    ['missing rights to one object', { status: 403, code: 'AccessDenied' }],
    ['a checksum that does not fit, twice', { status: 400, code: 'BadDigest' }],
  ] as [string, Effect][])
    test.concurrent(`makes its playback FAILED with ${what}, and retryPlayback completes it`, async () => {
      const { client } = rig.app;
      const failed = await awaitEnd(client, await faultyEvent(rig, 2, effect));
      expect(failed).toMatchObject({
        recordingStatus: 'FAILED',
        failure: { fault: 'STORAGE', retryable: true },
      });
      await client.run('mutation($id: ID!) { retryPlayback(id: $id) { playback { id } } }', {
        id: failed.id,
      });
      const isCompleted = async () => (await readPlayback(client, failed.id)).recordingStatus === 'COMPLETED';
      await until(isCompleted, 'it is COMPLETED');
    });
});

for (const [what, effect] of [
  ['a missing bucket', { status: 404, code: 'NoSuchBucket' }],
  ['credentials that are refused', { status: 403, code: 'SignatureDoesNotMatch' }],
  ['rights to no object at all', { status: 403, code: 'AccessDenied' }],
  ['a clock that is wrong', { status: 403, code: 'RequestTimeTooSkewed' }],
  ['an address that moved', { status: 301, code: 'PermanentRedirect' }],
] as [string, Effect & { code: string }][])
  test.concurrent(`${what} is a problem of the store: clips wait, and are stored after it`, async ({
    expect,
    onTestFinished,
  }) => {
    const rig = await startRig();
    onTestFinished(() => rig.close());
    const { app, bucket } = rig;
    const storeProblem = async () =>
      (await app.client.run<{ storeProblem: string | null }>('{ storeProblem }')).storeProblem;
    const figures = async () => (await fetch(`${app.client.url}/metrics`)).text();
    let isRefusing = true;
    bucket.fail({ match: () => isRefusing, times: Number.POSITIVE_INFINITY, ...effect });
    const events = [await oneEvent(rig, 0), await oneEvent(rig, 1)];
    await until(async () => (await storeProblem()) !== null, 'the store’s problem is known');
    expect(await storeProblem()).toMatch(/^The bucket "clips" at .* refused to take the test object/);
    // The store's state is cached for a second.
    await expect
      .poll(() => readinessOf(rig))
      .toMatchObject({ status: 503, text: expect.stringContaining(effect.code) });
    expect(await figures()).toMatch(/^flashback_store_ok 0$/m);
    expect(await figures()).toMatch(
      new RegExp(`^flashback_store_problem{code="STORE_REFUSED",reason=".*${effect.code}.*"} 1$`, 'm'),
    );
    for (const event of events) {
      await until(
        async () => (await readPlayback(app.client, event.playback!.id)).recordingStatus === 'PROCESSING',
        'it waits',
      );
    }
    isRefusing = false;
    for (const event of events) {
      const playback = await awaitEnd(app.client, event);
      expect(playback.transitions.map(({ to }) => to)).toEqual([
        ...['PENDING', 'RECORDING', 'PROCESSING', 'COMPLETED'],
      ]);
    }
    expect(await storeProblem()).toBeNull();
    expect(await figures()).toMatch(/^flashback_store_ok 1$/m);
    await expect.poll(() => readinessOf(rig)).toMatchObject({ status: 200 });
  });

describe('a bucket and a database that go away', () => {
  let rig: Rig;
  let app: TestApp;
  let bucket: S3Server;
  let cameraIds: readonly string[];
  beforeAll(async () => {
    rig = await startRig();
    ({ app, bucket, cameraIds } = rig);
  });
  afterAll(() => rig.close());

  /** Ends all sessions of the database, and allows no new ones until it returns. */
  async function withoutDatabase(whileAway: () => Promise<unknown>): Promise<void> {
    const name = new URL(app.config.databaseUrl!).pathname.slice(1);
    const admin = new pg.Client({ connectionString: app.config.databaseUrl!.replace(name, 'postgres') });
    await admin.connect();
    const allow = (yes: boolean) => admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${yes}`);
    try {
      await allow(false);
      await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
      await whileAway();
    } finally {
      await allow(true);
      await admin.end();
    }
  }

  test('40 events while the bucket is away become 40 clips when it is back', async () => {
    await bucket.offline();
    const events = await Promise.all(Array.from({ length: 40 }, (_, i) => oneEvent(rig, i % 2)));
    const count = (status: string) =>
      app.client
        .run<{ playbacks: { total: number } }>(
          `{ playbacks(filter: { recordingStatus: [${status}] }) { total } }`,
        )
        .then(({ playbacks }) => playbacks.total);
    await expect.poll(() => count('PROCESSING'), { timeout: 20_000 }).toBeGreaterThanOrEqual(40);
    await expect
      .poll(() => readinessOf(rig))
      .toMatchObject({ status: 503, text: expect.stringContaining('The bucket "clips"') });
    await expect
      .poll(() => app.logged.some((line) => line.includes('STORE_UNREACHABLE')), { timeout: 40_000 })
      .toBe(true);
    await bucket.online();
    await expect.poll(() => count('PROCESSING'), { timeout: 60_000 }).toBe(0);
    expect(await count('FAILED')).toBe(0);
    for (const event of events) {
      const { recordingStatus, transitions } = await readPlayback(app.client, event.playback!.id);
      expect([recordingStatus, transitions.length]).toEqual(['COMPLETED', 4]);
    }
  });

  test('footage and transitions are complete after an outage of the database, and nothing is doubled', async () => {
    const event = await createEvent(app.client, { cameraId: cameraIds[0]! });
    await withoutDatabase(async () => {
      await sleep(2_500);
      expect((await readinessOf(rig)).status).toBe(503);
    });
    await until(async () => {
      const answer = await app.client.ask<object>('{ cameras { id } }');
      return !answer.errors;
    }, 'the database is back');
    await endEvent(app.client, event.id);
    const playback = await awaitEnd(app.client, event);
    expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', gaps: [] });
    expect(playback.durationMs).toBeGreaterThan(3_000);
    expect(playback.transitions.map(({ to }) => to)).toEqual([
      ...['PENDING', 'RECORDING', 'PROCESSING', 'COMPLETED'],
    ]);
  });

  test('an event that the database was too slow to write may be sent again, and is not too complex', async () => {
    const name = new URL(app.config.databaseUrl!).pathname.slice(1);
    const db = new pg.Client({ connectionString: app.config.databaseUrl! });
    await db.connect();
    onTestFinished(() => db.end());
    await db.query(`ALTER DATABASE ${name} SET statement_timeout = 1000`);
    await app.restart();
    await app.awaitCamera(cameraIds[0]!, 'LIVE');
    await db.query('BEGIN; LOCK TABLE events IN EXCLUSIVE MODE');
    const input = { cameraId: cameraIds[0], type: 'MOTION', idempotencyKey: 'slow' };
    const creating = 'mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } } }';
    expect(await app.client.fail(creating, { input })).toMatchObject({ code: 'INTERNAL_SERVER_ERROR' });
    await db.query('ROLLBACK');
    await db.query(`ALTER DATABASE ${name} RESET statement_timeout`);
    await app.restart();
    await app.awaitCamera(cameraIds[0]!, 'LIVE');
    const event = await createEvent(app.client, { cameraId: cameraIds[0]!, idempotencyKey: 'slow' });
    await endEvent(app.client, event.id);
    expect((await awaitEnd(app.client, event)).recordingStatus).toBe('COMPLETED');
  });

  test('an end whose answer from the database was lost ends the recording nevertheless', async () => {
    const event = await createEvent(app.client, { cameraId: cameraIds[0]! });
    const db = new pg.Client({ connectionString: app.config.databaseUrl! });
    await db.connect();
    onTestFinished(() => db.end());
    await db.query('UPDATE events SET ended_at = now() WHERE id = $1', [event.id]);
    await db.query(
      "UPDATE playbacks SET ended_at = now(), end_reason = 'ENDED', record_until = now() WHERE id = $1",
      [event.playback!.id],
    );
    await endEvent(app.client, event.id);
    expect(await awaitEnd(app.client, event)).toMatchObject({
      recordingStatus: 'COMPLETED',
      endReason: 'ENDED',
    });
  });

  test('a camera that is lost during an outage of the database is not LIVE after it', async () => {
    const other = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
    const id = await app.addCamera({ rtspUrl: other.url, preRollSec: 1 });
    const isTold = () => app.logged.some((line) => line.includes(id) && line.includes('"state":"OFFLINE"'));
    await withoutDatabase(async () => {
      await other.close();
      await until(isTold, 'the camera is offline');
    });
    await until(async () => {
      const { data } = await app.client.ask<{ camera: { state: string } }>(
        'query($id: ID!) { camera(id: $id) { state } }',
        { id },
      );
      return data?.camera.state === 'OFFLINE';
    }, 'its row says so');
  });

  test('a recording that ends during an outage of the database is written after it', async () => {
    const event = await createEvent(app.client, { cameraId: cameraIds[0]!, leaseSec: 1 });
    await until(
      async () => (await readPlayback(app.client, event.playback!.id)).endReason === 'LEASE_EXPIRED',
      'its lease has run out',
    );
    await withoutDatabase(() => sleep(1_500));
    await until(async () => {
      const answer = await app.client.ask<{ playback: { recordingStatus: string } }>(
        'query($id: ID!) { playback(id: $id) { recordingStatus } }',
        { id: event.playback!.id },
      );
      return answer.data?.playback.recordingStatus === 'COMPLETED';
    }, 'it is COMPLETED');
  });
});
