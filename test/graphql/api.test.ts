import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, endEvent, readPlayback } from '../support/app/playbacks.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';

let app: TestApp;
let camera: TestCamera;
let cameraId: string;

beforeAll(async () => {
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  app = await startTestApp();
  cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 2 });
});

afterAll(async () => {
  await app.close();
  await camera.close();
});

const nowhere = '00000000-0000-7000-8000-000000000000';
const createCamera = 'mutation($input: CreateCameraInput!) { createCamera(input: $input) { camera { id } } }';
const createEventText =
  'mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } playback { id } } }';

describe('cameras', () => {
  test('have the contract’s defaults, and are returned without credentials', async () => {
    const { createCamera: made } = await app.client.run<{ createCamera: { camera: { id: string } } }>(
      `mutation { createCamera(input: { name: "Yard", rtspUrl: "rtsp://eve:p%40ss:w0rd@127.0.0.1:9/a?b=c", preRollSec: 0 }) { camera {
        id name channel rtspUrl enabled recordOn preRollSec postRollSec maxDurationSec state codec snapshotUrl } } }`,
    );
    expect(made.camera).toMatchObject({
      name: 'Yard',
      channel: 1,
      rtspUrl: 'rtsp://127.0.0.1:9/a?b=c',
      enabled: true,
      recordOn: ['MOTION'],
      preRollSec: 0,
      postRollSec: 0,
      maxDurationSec: 3600,
      state: 'IDLE',
      codec: null,
      snapshotUrl: null,
    });
    await app.client.run('mutation($id: ID!) { deleteCamera(id: $id) { id } }', { id: made.camera.id });
    expect(
      await app.client.run('query($id: ID!) { camera(id: $id) { id } }', { id: made.camera.id }),
    ).toEqual({ camera: null });
  });

  test('are refused with an issue for each error, and none is made', async () => {
    const before = await app.client.run('{ cameras { id } }');
    const error = await app.client.fail(createCamera, {
      input: {
        name: ' ',
        rtspUrl: 'http://camera/stream',
        preRollSec: 61,
        postRollSec: -1,
        maxDurationSec: 0,
        channel: 70_000,
      },
    });
    expect(error.code).toBe('BAD_USER_INPUT');
    expect(error.issues?.map((issue) => issue.path.join('.')).sort()).toEqual(
      [
        'input.channel',
        'input.maxDurationSec',
        'input.name',
        'input.postRollSec',
        'input.preRollSec',
        'input.rtspUrl',
      ].sort(),
    );
    expect(error.issues?.find((i) => i.path[1] === 'preRollSec')?.message).toBe(
      'Expected a whole number from 0 to 60.',
    );
    expect(await app.client.run('{ cameras { id } }')).toEqual(before);
  });

  test.each([
    ['file:///etc/passwd'],
    ['-i /etc/passwd'],
    ['rtsp://'],
    ['rtsp://host/a b'],
    ['concat:rtsp://a'],
    [`rtsp://host/${'x'.repeat(2_000)}`],
    ['rtsp://user:geheim@/'],
    ['rtsp://user:12/geheim@host/'],
    ['rtsp://user#geheim@host/'],
    ['rtsp://user:\u00a0geheim@host/'],
    ['rtsp://host/user=geheim&password=***&channel=1'],
  ])('an address like %s is refused with a message that does not repeat its credentials', async (rtspUrl) => {
    const error = await app.client.fail(createCamera, { input: { name: 'x', rtspUrl } });
    expect(error).toMatchObject({ code: 'BAD_USER_INPUT', issues: [{ path: ['input', 'rtspUrl'] }] });
    expect(JSON.stringify(error)).not.toContain('geheim');
  });

  test('have rules of retention, of which an update replaces all', async () => {
    const id = await app.addCamera(
      { rtspUrl: 'rtsp://127.0.0.1:9/a', enabled: false, retention: [{ days: 30 }] },
      'DISABLED',
    );
    const update =
      'mutation($input: UpdateCameraInput!) { updateCamera(input: $input) { camera { retention { eventType days maxBytes } } } }';
    const change = async (input: object) =>
      (
        await app.client.run<{ updateCamera: { camera: { retention: object[] } } }>(update, {
          input: { id, ...input },
        })
      ).updateCamera.camera.retention;
    const all = { eventType: null, days: 30, maxBytes: null };
    expect(await change({ name: 'other' })).toEqual([all]);
    const rules = [
      { ...all, maxBytes: 5e12 },
      { eventType: 'PERSON', days: 90, maxBytes: null },
    ];
    expect(await change({ retention: rules })).toEqual(rules);
    const wrong = [
      [[{ eventType: 'PERSON' }], 'Expected days, maxBytes or both.'],
      [[{ days: 0 }], 'Expected a whole number from 1 to 36500.'],
      [[{ maxBytes: 0 }], 'Expected a whole number from 1 to 9007199254740991.'],
      [[{ days: 1 }, { days: 2 }], 'Expected at most one rule for each event type, and one without.'],
    ] as const;
    for (const [retention, message] of wrong) {
      expect((await app.client.fail(update, { input: { id, retention } })).issues).toMatchObject([
        { path: expect.arrayContaining(['input', 'retention']), message },
      ]);
    }
    expect(await change({ retention: [] })).toEqual([]);
    await app.client.run('mutation($id: ID!) { deleteCamera(id: $id) { id } }', { id });
  });

  test('hide a password inside the path, and keep it when the address is sent back as shown', async () => {
    const requests: string[] = [];
    const camera = createServer((socket) => {
      socket.on('data', (data) => requests.push(String(data))).on('error', () => {});
    });
    await once(camera.listen(0, '127.0.0.1'), 'listening');
    const { port } = camera.address() as AddressInfo;
    const path = (password: string) => `rtsp://127.0.0.1:${port}/user=admin&password=${password}&channel=1`;
    const id = await app.addCamera({ rtspUrl: path('geheim'), enabled: false }, 'DISABLED');
    const change = (rtspUrl: string) =>
      app.client.run(
        'mutation($input: UpdateCameraInput!) { updateCamera(input: $input) { camera { rtspUrl } } }',
        { input: { id, rtspUrl, enabled: true, preRollSec: 1 } },
      );
    expect(await change(path('***'))).toEqual({ updateCamera: { camera: { rtspUrl: path('***') } } });
    await until(() => requests.join().includes(path('geheim')), 'the camera is asked with the old password');
    await expect(change(`${path('***')}0`)).rejects.toThrow('Write the password there');
    await change(path('anders'));
    await until(() => requests.join().includes(path('anders')), 'the camera is asked with the new password');
    await app.client.run('mutation($id: ID!) { deleteCamera(id: $id) { id } }', { id });
    camera.close();
  });

  test('keep their credentials when the address is sent back as shown', async () => {
    const locked = await startTestCamera({ capture: await capture({ gopSec: 1 }), users: { a: 'b' } });
    const id = await app.addCamera({ rtspUrl: locked.urlAs('a', 'b') });
    await app.client.run(
      'mutation($input: UpdateCameraInput!) { updateCamera(input: $input) { camera { id } } }',
      {
        input: { id, rtspUrl: locked.url, preRollSec: 1 },
      },
    );
    await app.awaitCamera(id, 'LIVE');
    await app.client.run('mutation($id: ID!) { deleteCamera(id: $id) { id } }', { id });
    await until(() => locked.sessions === 0, 'the deleted camera is left alone');
    await locked.close();
  });

  const deleteCamera = 'mutation($id: ID!) { deleteCamera(id: $id) { id } }';
  /** A camera with so many finished playbacks that deleting them takes a while. */
  const fullCamera = async (sql: pg.Client) => {
    const id = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
    await sql.query(
      `INSERT INTO playbacks (id, camera_id, recording_status, storage_path, file_size_bytes)
       SELECT gen_random_uuid(), $1, 'COMPLETED', 'x', 1 FROM generate_series(1, 2500)`,
      [id],
    );
    return id;
  };

  test('that cannot be deleted continue, but their finished playbacks are deleted already', async () => {
    const sql = new pg.Client({ connectionString: app.config.databaseUrl });
    await sql.connect();
    const id = await fullCamera(sql);
    await sql.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
      CREATE TRIGGER refused BEFORE DELETE ON cameras FOR EACH ROW EXECUTE FUNCTION refuse()`);
    const running = await createEvent(app.client, { cameraId: id });
    expect((await app.client.fail(deleteCamera, { id })).code).toBe('INTERNAL_SERVER_ERROR');
    const ofCamera = 'SELECT count(*)::int AS n FROM playbacks WHERE camera_id = $1';
    expect((await sql.query(ofCamera, [id])).rows).toEqual([{ n: 1 }]);
    const further = await createEvent(app.client, { cameraId: id });
    expect(further.playback?.recordingStatus).toBe('RECORDING');
    await endEvent(app.client, running.id);
    expect((await awaitEnd(app.client, running)).recordingStatus).toBe('COMPLETED');
    await sql.query('DROP TRIGGER refused ON cameras');
    await app.client.run(deleteCamera, { id });
    expect((await sql.query(ofCamera, [id])).rows).toEqual([{ n: 0 }]);
    expect(await readdir(app.config.recordDir)).not.toContain(further.playback!.id);
    await sql.end();
  });

  test('that are changed while they are deleted leave no session behind', async () => {
    const own = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
    const id = await app.addCamera({ rtspUrl: own.url, preRollSec: 1 });
    const sql = new pg.Client({ connectionString: app.config.databaseUrl });
    await sql.connect();
    await sql.query('BEGIN; LOCK TABLE store_removals IN ACCESS EXCLUSIVE MODE');
    const deleted = app.client.run(deleteCamera, { id });
    const waiting = `SELECT 1 FROM pg_locks WHERE relation = 'store_removals'::regclass AND NOT granted`;
    await until(async () => (await sql.query(waiting)).rows.length > 0, 'the deletion is under way');
    await app.client.run(
      'mutation($id: ID!) { updateCamera(input: { id: $id, name: "x" }) { camera { id } } }',
      {
        id,
      },
    );
    await sql.query('COMMIT');
    await deleted;
    await until(() => own.sessions === 0, 'it is left alone');
    await sql.end();
    await own.close();
  });

  test('that are switched off are not connected, and the playback of an event says so', async () => {
    const set = (enabled: boolean) =>
      app.client.run(
        'mutation($input: UpdateCameraInput!) { updateCamera(input: $input) { camera { id } } }',
        { input: { id: cameraId, enabled } },
      );
    await set(false);
    await app.awaitCamera(cameraId, 'DISABLED');
    await until(() => camera.sessions === 0, 'the session has ended');
    const { playback } = await createEvent(app.client, { cameraId });
    expect(playback).toMatchObject({
      recordingStatus: 'FAILED',
      failure: { code: 'CAMERA_DISABLED', fault: 'CAMERA' },
    });
    await set(true);
    await app.awaitCamera(cameraId, 'LIVE');
  });
});

describe('events', () => {
  test('of a type that the camera does not record have no playback', async () => {
    const event = await createEvent(app.client, { cameraId, type: 'SOUND' });
    expect(event.playback).toBeNull();
    await endEvent(app.client, event.id);
  });

  test('with the same idempotency key are one event and one recording, even at the same time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        createEvent(app.client, { cameraId, idempotencyKey: 'door-17', leaseSec: 60 }),
      ),
    );
    expect(new Set(answers.map((event) => event.id)).size).toBe(1);
    expect(new Set(answers.map((event) => event.playback!.id)).size).toBe(1);
    await endEvent(app.client, answers[0]!.id);
    expect((await awaitEnd(app.client, answers[0]!)).recordingStatus).toBe('COMPLETED');
    const again = await createEvent(app.client, { cameraId, idempotencyKey: 'door-17' });
    expect(again.id).toBe(answers[0]!.id);
  });

  test('that cannot be written leave nothing behind: their recording is undone', async () => {
    const sql = new pg.Client({ connectionString: app.config.databaseUrl });
    onTestFinished(() => sql.end());
    await sql.connect();
    await sql.query(`ALTER TABLE events DROP CONSTRAINT IF EXISTS refused,
      ADD CONSTRAINT refused CHECK (label <> 'refused')`);
    const before = await readdir(app.config.recordDir);
    const { code } = await app.client.fail(createEventText, {
      input: { cameraId, type: 'MOTION', label: 'refused' },
    });
    expect(code).toBe('INTERNAL_SERVER_ERROR');
    await until(
      async () => (await readdir(app.config.recordDir)).length === before.length,
      'no spool is left',
    );
    // Nor for an event that is not recorded: an unhandled rejection would end the server.
    const unrecorded = { input: { cameraId, type: 'OTHER', label: 'refused' } };
    expect((await app.client.fail(createEventText, unrecorded)).code).toBe('INTERNAL_SERVER_ERROR');
    const { rows } = await sql.query(`SELECT 1 FROM events WHERE label = 'refused'`);
    expect(rows).toEqual([]);
    // The spool is removed before the recording is forgotten.
    await expect
      .poll(async () => (await fetch(`${app.app.url}/metrics`)).text())
      .toMatch(/^flashback_recordings_running 0$/m);
  });

  test('are recorded even while readers use all connections for queries', async () => {
    const sql = new pg.Client({ connectionString: app.config.databaseUrl });
    await sql.connect();
    await sql.query('BEGIN; LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE');
    const reading = Array.from({ length: 40 }, () => app.client.run('{ apiKeys { id } }'));
    const waiting = `SELECT 1 FROM pg_locks WHERE relation = 'api_keys'::regclass AND NOT granted`;
    await until(async () => (await sql.query(waiting)).rows.length >= 10, 'they read');
    const event = await createEvent(app.client, { cameraId });
    expect(event.playback?.recordingStatus).toBe('RECORDING');
    await endEvent(app.client, event.id);
    const ended = `SELECT 1 FROM playbacks WHERE id = $1 AND recording_status = 'COMPLETED'`;
    await until(
      async () => (await sql.query(ended, [event.playback!.id])).rows.length > 0,
      'it is COMPLETED',
    );
    await sql.query('COMMIT');
    await Promise.all(reading);
    await sql.end();
  });

  test('keep everything that was reported', async () => {
    const metadata = { score: 0.93, box: [1, 2, 3, 4], nested: { ünïcode: '✓' } };
    const { id } = await createEvent(app.client, {
      cameraId,
      type: 'PERSON',
      label: 'courier',
      description: 'at the door',
      metadata,
    });
    const { event } = await app.client.run<{ event: object }>(
      'query($id: ID!) { event(id: $id) { type label description metadata channel endedAt leaseExpiresAt camera { id } playbacks { id } } }',
      { id },
    );
    expect(event).toEqual({
      type: 'PERSON',
      label: 'courier',
      description: 'at the door',
      metadata,
      channel: 1,
      endedAt: null,
      leaseExpiresAt: null,
      camera: { id: cameraId },
      playbacks: [],
    });
  });

  test('that are invalid are refused with a message', async () => {
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const refused = async (input: object) =>
      (await app.client.fail(createEventText, { input: { cameraId, type: 'MOTION', ...input } })).issues;
    expect(await refused({ startedAt: at(60_000) })).toMatchObject([
      { path: ['input', 'startedAt'], message: expect.stringContaining('not in the future') },
    ]);
    expect(await refused({ startedAt: at(-60_000) })).toMatchObject([
      { message: expect.stringContaining('pre-roll of 2 seconds') },
    ]);
    expect(await refused({ leaseSec: 0 })).toMatchObject([{ path: ['input', 'leaseSec'] }]);
    expect(await refused({ label: 'x'.repeat(201) })).toMatchObject([{ path: ['input', 'label'] }]);
    expect(await refused({ metadata: { text: 'x'.repeat(70_000) } })).toMatchObject([
      { path: ['input', 'metadata'] },
    ]);
    expect(
      (await app.client.fail(createEventText, { input: { cameraId: nowhere, type: 'MOTION' } })).code,
    ).toBe('NOT_FOUND');
    expect(
      (await app.client.fail(createEventText, { input: { cameraId: 'no id', type: 'MOTION' } })).code,
    ).toBe('NOT_FOUND');
    expect(
      (
        await app.client.fail(createEventText, {
          input: { cameraId, type: 'MOTION', startedAt: 'yesterday' },
        })
      ).code,
    ).toBe('BAD_USER_INPUT');
    expect((await app.client.fail(createEventText, { input: { cameraId, type: 'NOISE' } })).code).toBe(
      'BAD_USER_INPUT',
    );
  });

  test('end once: a second end changes nothing, and an end before the start or in the future is refused', async () => {
    const event = await createEvent(app.client, { cameraId });
    const end =
      'mutation($input: EndEventInput!) { endEvent(input: $input) { event { endedAt } playback { id } } }';
    const future = new Date(Date.now() + 60_000).toISOString();
    expect((await app.client.fail(end, { input: { id: event.id, endedAt: future } })).issues).toMatchObject([
      { path: ['input', 'endedAt'] },
    ]);
    expect(
      (await app.client.fail(end, { input: { id: event.id, endedAt: '2020-01-01T00:00:00Z' } })).code,
    ).toBe('BAD_USER_INPUT');
    const first = await app.client.run(end, { input: { id: event.id } });
    expect(await app.client.run(end, { input: { id: event.id } })).toEqual(first);
    expect((await app.client.fail(end, { input: { id: nowhere } })).code).toBe('NOT_FOUND');
    await awaitEnd(app.client, event);
  });

  test('are found by ids in capital letters, and so are their recordings', async () => {
    const event = await createEvent(app.client, { cameraId: cameraId.toUpperCase() });
    expect(event.playback!.recordingStatus).toBe('RECORDING');
    const capitals = { ...event, id: event.id.toUpperCase() };
    await endEvent(app.client, capitals.id);
    await awaitEnd(app.client, capitals);
    const running = await createEvent(app.client, { cameraId });
    const { id } = running.playback!;
    expect(await readdir(app.config.recordDir)).toContain(id);
    await app.client.run(`mutation { deletePlayback(id: "${id.toUpperCase()}") { id } }`);
    expect(await readPlayback(app.client, id)).toBeNull();
    expect(await readdir(app.config.recordDir)).not.toContain(id);
  });

  test('can be renewed while they are open, and not afterwards', async () => {
    const renew =
      'mutation($input: RenewEventInput!) { renewEvent(input: $input) { event { leaseExpiresAt } } }';
    const event = await createEvent(app.client, { cameraId, type: 'OTHER', leaseSec: 1 });
    const { renewEvent } = await app.client.run<{ renewEvent: { event: { leaseExpiresAt: string } } }>(
      renew,
      {
        input: { id: event.id, leaseSec: 600 },
      },
    );
    expect(Date.parse(renewEvent.event.leaseExpiresAt) - Date.now()).toBeGreaterThan(590_000);
    await endEvent(app.client, event.id);
    expect(await app.client.fail(renew, { input: { id: event.id, leaseSec: 5 } })).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('has ended'),
    });
  });

  test('are listed by filter and cursor, even after the cursor’s row was deleted', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push((await createEvent(app.client, { cameraId, type: 'ANIMAL' })).id);
    const page = (args: string) =>
      app.client.run<{
        events: { nodes: { id: string }[]; totalCount: number; pageInfo: Record<string, unknown> };
      }>(
        `{ events(filter: { type: [ANIMAL], cameraId: "${cameraId}", open: true }, ${args}) {
          totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
      );
    const newest = [...ids].reverse();
    const one = await page('first: 2');
    expect(one.events.nodes.map((e) => e.id)).toEqual(newest.slice(0, 2));
    expect(one.events).toMatchObject({
      totalCount: 5,
      pageInfo: { hasNextPage: true, hasPreviousPage: false },
    });
    const two = await page(`first: 10, after: "${one.events.pageInfo['endCursor']}"`);
    expect(two.events.nodes.map((e) => e.id)).toEqual(newest.slice(2));
    expect(two.events.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    const back = await page(`last: 2, before: "${two.events.pageInfo['startCursor']}"`);
    expect(back.events.nodes.map((e) => e.id)).toEqual(newest.slice(0, 2));
    expect((await app.client.fail('{ events(first: 101) { totalCount } }')).code).toBe('BAD_USER_INPUT');
    expect((await app.client.fail('{ events(after: "nonsense") { totalCount } }')).code).toBe(
      'BAD_USER_INPUT',
    );
  });

  test('have valid cursors, whenever they began', async () => {
    const moments = [
      ...['0001-01-01T00:00:00.000Z', '1800-06-01T12:00:00.001Z', '1969-12-31T23:59:59.999Z'],
      ...['1970-01-01T00:00:00.000Z', '2001-01-01T00:00:00.000Z'],
    ];
    for (const startedAt of moments) await createEvent(app.client, { cameraId, type: 'SOUND', startedAt });
    const page = async (args: string) => {
      const { events } = await app.client.run<{
        events: { nodes: { startedAt: string }[]; pageInfo: { startCursor: string; endCursor: string } };
      }>(
        `{ events(filter: { type: [SOUND], startedBefore: "2002-01-01T00:00:00Z" }, ${args}) { nodes { startedAt } pageInfo { startCursor endCursor } } }`,
      );
      return { began: events.nodes.map(({ startedAt }) => startedAt), ...events.pageInfo };
    };
    const newestFirst = moments.toReversed();
    let at = await page('first: 1');
    for (const moment of newestFirst) {
      expect(at.began).toEqual([moment]);
      at = await page(`first: 1, after: "${at.endCursor}"`).then((next) => ({
        ...next,
        endCursor: next.endCursor ?? at.endCursor,
      }));
    }
    expect((await page(`last: 9, before: "${at.endCursor}"`)).began).toEqual(newestFirst.slice(0, -1));
  });
});

test('an event at a camera that is being deleted is NOT_FOUND', async () => {
  const sql = new pg.Client({ connectionString: app.config.databaseUrl! });
  await sql.connect();
  await sql.query(`
    CREATE FUNCTION delete_camera() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN DELETE FROM cameras WHERE id = NEW.camera_id; RETURN NEW; END $$;
    CREATE TRIGGER meanwhile BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION delete_camera();
    CREATE TRIGGER meanwhile BEFORE INSERT ON playbacks FOR EACH ROW EXECUTE FUNCTION delete_camera()`);
  try {
    for (const mutation of ['createEvent(input: { type: MOTION,', 'startRecording(input: {']) {
      const id = await app.addCamera({ rtspUrl: camera.url });
      const query = `mutation { ${mutation} cameraId: "${id}" }) { __typename } }`;
      expect((await app.client.fail(query)).code, mutation).toBe('NOT_FOUND');
    }
  } finally {
    await sql.query('DROP FUNCTION delete_camera CASCADE');
    await sql.end();
  }
});

describe('recordings by hand and playbacks', () => {
  const start =
    'mutation($input: StartRecordingInput!) { startRecording(input: $input) { playback { id recordingStatus event { id } } } }';
  const stop = 'mutation($id: ID!) { stopRecording(playbackId: $id) { playback { id endReason } } }';

  test('are started and stopped; stopping twice is allowed, stopping one that never ran is a CONFLICT', async () => {
    const { startRecording } = await app.client.run<{ startRecording: { playback: { id: string } } }>(start, {
      input: { cameraId },
    });
    const { id } = startRecording.playback;
    expect(startRecording.playback).toMatchObject({ recordingStatus: 'RECORDING', event: null });
    expect(await app.client.run(stop, { id })).toMatchObject({
      stopRecording: { playback: { id, endReason: 'STOPPED' } },
    });
    await until(
      async () => (await readPlayback(app.client, id)).recordingStatus === 'COMPLETED',
      'it is COMPLETED',
    );
    expect(await app.client.run(stop, { id })).toMatchObject({ stopRecording: { playback: { id } } });

    const event = await createEvent(app.client, { cameraId });
    await endEvent(app.client, event.id);
    await awaitEnd(app.client, event);
    const conflict = await app.client.fail(stop, { id: event.playback!.id });
    expect(conflict).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('no recording of it to stop'),
    });
    expect((await app.client.fail(stop, { id: nowhere })).code).toBe('NOT_FOUND');
  });

  test('end by themselves after durationSec', async () => {
    const { startRecording } = await app.client.run<{ startRecording: { playback: { id: string } } }>(start, {
      input: { cameraId, durationSec: 1 },
    });
    const { id } = startRecording.playback;
    await until(
      async () => (await readPlayback(app.client, id)).recordingStatus === 'COMPLETED',
      'it is COMPLETED',
    );
    expect((await readPlayback(app.client, id)).endReason).toBe('MAX_DURATION');
    expect((await app.client.fail(start, { input: { cameraId, durationSec: 4_000 } })).issues).toMatchObject([
      { path: ['input', 'durationSec'] },
    ]);
  });

  test('are deleted with their objects, even while they run; deleting twice is allowed', async () => {
    const remove = 'mutation($id: ID!) { deletePlayback(id: $id) { id } }';
    const event = await createEvent(app.client, { cameraId });
    await endEvent(app.client, event.id);
    const { id, videoUrl, thumbnailUrl } = await awaitEnd(app.client, event);
    expect((await fetch(videoUrl!)).status).toBe(200);
    expect((await fetch(thumbnailUrl!)).headers.get('content-type')).toBe('image/jpeg');
    await app.client.run(remove, { id });
    await until(async () => (await fetch(videoUrl!)).status === 404, 'the clip is gone');
    await until(async () => (await fetch(thumbnailUrl!)).status === 404, 'the poster is gone');
    expect(await app.client.run('query($id: ID!) { playback(id: $id) { id } }', { id })).toEqual({
      playback: null,
    });
    expect(
      await app.client.run('query($id: ID!) { event(id: $id) { playbacks { id } } }', { id: event.id }),
    ).toEqual({ event: { playbacks: [] } });
    await app.client.run(remove, { id });

    const running = await createEvent(app.client, { cameraId });
    await app.client.run(remove, { id: running.playback!.id });
    expect(
      await app.client.run('query($id: ID!) { playback(id: $id) { id } }', { id: running.playback!.id }),
    ).toEqual({ playback: null });
  });

  test('that failed because of the camera cannot be retried, and say so', async () => {
    const retry = 'mutation($id: ID!) { retryPlayback(id: $id) { playback { id } } }';
    const off = await app.addCamera({ rtspUrl: 'rtsp://127.0.0.1:9/', enabled: false }, 'DISABLED');
    const { playback } = await createEvent(app.client, { cameraId: off });
    expect(await app.client.fail(retry, { id: playback!.id })).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('no footage'),
    });
    expect((await app.client.fail(retry, { id: nowhere })).code).toBe('NOT_FOUND');
  });

  test('are paged by number, counted only on request, and refused out of range', async () => {
    const { playbacks } = await app.client.run<{
      playbacks: Record<string, unknown> & { items: { id: string }[] };
    }>(
      `{ playbacks(filter: { cameraId: "${cameraId}", recordingStatus: [COMPLETED] }, page: 2, pageSize: 1) { items { id } page pageSize total totalPages } }`,
    );
    expect(playbacks).toMatchObject({ page: 2, pageSize: 1, totalPages: playbacks['total'] });
    expect(playbacks.items).toHaveLength(1);
    for (const args of ['page: 0', 'pageSize: 101', 'pageSize: 0']) {
      expect((await app.client.fail(`{ playbacks(${args}) { page } }`)).code).toBe('BAD_USER_INPUT');
    }
    const byCamera = await app.client.run<{
      camera: { playbacks: { nodes: unknown[]; totalCount: number } };
    }>(
      `{ camera(id: "${cameraId}") { playbacks(first: 1, filter: { recordingStatus: [COMPLETED] }) { nodes { camera { id } } totalCount } } }`,
    );
    expect(byCamera.camera.playbacks).toEqual({
      nodes: [{ camera: { id: cameraId } }],
      totalCount: playbacks['total'],
    });
  });
});

test('an internal error is masked, logged, and has a code', async () => {
  const syntax = await app.client.fail('{ cameras {');
  expect(syntax.code).toBe('BAD_USER_INPUT');
  expect((await app.client.fail('{ cameras { nonsense } }')).code).toBe('BAD_USER_INPUT');
  const form = await fetch(`${app.app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: JSON.stringify({ query: '{ cameras { id } }' }),
  });
  expect(form.status).toBe(415);
  const foreign = await fetch(`${app.app.url}/graphql?query={cameras{id}}`, {
    headers: { origin: 'http://evil.example' },
  });
  expect(foreign.status).toBe(403);
});
