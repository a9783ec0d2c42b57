import { createClient as createSseClient } from 'graphql-sse';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, endEvent } from '../support/app/playbacks.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';

let app: TestApp;
let camera: TestCamera;
let cameraId: string;

beforeAll(async () => {
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  app = await startTestApp();
  cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
});

afterAll(async () => {
  await app.close();
  await camera.close();
});

interface Changed {
  playbackStatusChanged: {
    cursor: string;
    from: string | null;
    to: string;
    at: string;
    playback: { id: string };
  };
}
const text = `subscription($filter: PlaybackFilter, $after: String) {
  playbackStatusChanged(filter: $filter, after: $after) { cursor from to at playback { id } } }`;
const isRecording = ({ playbackStatusChanged: { to } }: Changed) => to === 'RECORDING';
const isCompleted = ({ playbackStatusChanged: { to } }: Changed) => to === 'COMPLETED';
const statuses = (items: Changed[]) => items.map((item) => item.playbackStatusChanged.to);

test('a subscriber that begins right after createEvent gets each transition once, in order', async () => {
  const event = await createEvent(app.client, { cameraId });
  const stream = app.client.subscribe<Changed>(text, { filter: { eventId: event.id } });
  // An open transaction of another test delays the horizon: then PENDING comes first.
  const present = await stream.until(isRecording);
  expect(statuses(present)).toEqual(['PENDING', 'RECORDING'].slice(-present.length));
  expect(present.at(-1)!.playbackStatusChanged).toMatchObject({
    from: 'PENDING',
    playback: { id: event.playback!.id },
  });
  await endEvent(app.client, event.id);
  const rest = await stream.until(isCompleted);
  expect(statuses(rest)).toEqual(['PROCESSING', 'COMPLETED']);
  stream.stop();
});

test('a subscriber that begins before the event gets every transition, over WebSocket and SSE', async () => {
  const socket = app.client.subscribe<Changed>(text, { filter: { cameraId } });
  const sse = createSseClient({ url: `${app.app.url}/graphql`, singleConnection: false });
  const overSse: string[] = [];
  const sseDone = new Promise<void>((resolve, reject) => {
    sse.subscribe<Changed>(
      { query: text, variables: { filter: { cameraId } } },
      {
        next: ({ data }) => {
          overSse.push(data!.playbackStatusChanged.to);
          if (data!.playbackStatusChanged.to === 'COMPLETED') resolve();
        },
        error: reject,
        complete: () => {},
      },
    );
  });
  // A first event proves that both are subscribed.
  const event = await createEvent(app.client, { cameraId });
  await endEvent(app.client, event.id);
  const seen = await socket.until(isCompleted);
  await sseDone;
  expect(statuses(seen).slice(-3)).toEqual(['RECORDING', 'PROCESSING', 'COMPLETED']);
  expect(overSse.slice(-3)).toEqual(['RECORDING', 'PROCESSING', 'COMPLETED']);
  socket.stop();
  sse.dispose();
});

test('a subscription resumed by cursor after a restart loses and repeats no transition', async () => {
  const event = await createEvent(app.client, { cameraId });
  const stream = app.client.subscribe<Changed>(text, { filter: { eventId: event.id } });
  const { cursor } = (await stream.until(isRecording)).at(-1)!.playbackStatusChanged;
  await app.restart();
  await app.awaitCamera(cameraId, 'LIVE');
  await endEvent(app.client, event.id);
  await awaitEnd(app.client, event);
  const resumed = app.client.subscribe<Changed>(text, { filter: { eventId: event.id }, after: cursor });
  expect(statuses(await resumed.until(isCompleted))).toEqual(['PROCESSING', 'COMPLETED']);
  // A resumed subscription then gets new transitions, too: here all of the camera's next event.
  const next = app.client.subscribe<Changed>(text, { filter: { cameraId }, after: cursor });
  expect(statuses(await next.until(isCompleted))).toEqual(['PROCESSING', 'COMPLETED']);
  const later = await createEvent(app.client, { cameraId });
  await endEvent(app.client, later.id);
  expect(statuses(await next.until(isCompleted))).toEqual([
    'PENDING',
    'RECORDING',
    'PROCESSING',
    'COMPLETED',
  ]);
  resumed.stop();
  next.stop();
});

test('the transition of a finished playback is sent only if the filter names its event', async () => {
  const event = await createEvent(app.client, { cameraId });
  await endEvent(app.client, event.id);
  await awaitEnd(app.client, event);
  const named = app.client.subscribe<Changed>(text, { filter: { eventId: event.id } });
  expect((await named.next()).playbackStatusChanged.to).toBe('COMPLETED');
  named.stop();
  const all = app.client.subscribe<Changed>(text, {});
  const running = await createEvent(app.client, { cameraId });
  await endEvent(app.client, running.id);
  const seen = await all.until(isCompleted);
  expect(new Set(seen.map((item) => item.playbackStatusChanged.playback.id))).toEqual(
    new Set([running.playback!.id]),
  );
  all.stop();
});

test('a filter by status matches the new status', async () => {
  const stream = app.client.subscribe<Changed>(text, {
    filter: { cameraId, recordingStatus: ['PROCESSING', 'COMPLETED'] },
  });
  const event = await createEvent(app.client, { cameraId });
  await endEvent(app.client, event.id);
  expect(statuses(await stream.until(isCompleted))).toEqual(['PROCESSING', 'COMPLETED']);
  stream.stop();
});

test('a transition that commits late is not skipped by one with a higher number that commits first', async () => {
  const event = await createEvent(app.client, { cameraId });
  const stream = app.client.subscribe<Changed>(text, { filter: { eventId: event.id } });
  // An open transaction of another test delays the horizon: then PENDING comes first.
  await stream.until(({ playbackStatusChanged: { to } }) => to === 'RECORDING');
  // This transaction gets the lower number, and stays open until the playback is COMPLETED.
  const late = new pg.Client({ connectionString: app.config.databaseUrl });
  await late.connect();
  await late.query('BEGIN');
  await late.query(
    `INSERT INTO playback_transitions (playback_id, from_status, to_status) VALUES ($1, 'RECORDING', 'RECORDING')`,
    [event.playback!.id],
  );
  await endEvent(app.client, event.id);
  await expect
    .poll(
      async () => {
        const { playback } = await app.client.run<{ playback: { recordingStatus: string } }>(
          'query($id: ID!) { playback(id: $id) { recordingStatus } }',
          { id: event.playback!.id },
        );
        return playback.recordingStatus;
      },
      { timeout: 10_000 },
    )
    .toBe('COMPLETED');
  await late.query('COMMIT');
  await late.end();
  expect(statuses(await stream.until(isCompleted))).toEqual(['RECORDING', 'PROCESSING', 'COMPLETED']);
  stream.stop();
});

test('wrong input is refused over WebSocket with the codes of HTTP', async () => {
  const refused = async (variables: object) => {
    const stream = app.client.subscribe(text, variables);
    return stream.next().then(
      () => 'accepted',
      (error: Error) => error.message,
    );
  };
  expect(await refused({ after: 'nonsense' })).toContain('BAD_USER_INPUT');
  expect(await refused({ filter: { eventId: 'nonsense' } })).toContain('BAD_USER_INPUT');
  const unknown = app.client.subscribe(
    'subscription { cameraStateChanged(cameraId: "00000000-0000-7000-8000-000000000000") { id } }',
  );
  await expect(unknown.next()).rejects.toThrow('NOT_FOUND');
});

test('cameraStateChanged yields the present state first, then each change', async () => {
  const states = app.client.subscribe<{ cameraStateChanged: { state: string } }>(
    'subscription($id: ID!) { cameraStateChanged(cameraId: $id) { state lastError } }',
    { id: cameraId },
  );
  expect((await states.next()).cameraStateChanged.state).toBe('LIVE');
  await camera.offline();
  const down = await states.until(({ cameraStateChanged: { state } }) => state === 'OFFLINE');
  expect(down.at(-1)!.cameraStateChanged).toMatchObject({
    lastError: expect.stringContaining('connection refused'),
  });
  await camera.online();
  await states.until(({ cameraStateChanged: { state } }) => state === 'LIVE');
  states.stop();
});

test('a camera’s state is sent even if the notification of its change was lost', async () => {
  const sql = new pg.Client({ connectionString: app.config.databaseUrl });
  await sql.connect();
  const id = await app.addCamera({ name: 'Lost', rtspUrl: 'rtsp://127.0.0.1:9/', preRollSec: 0 }, 'IDLE');
  const states = app.client.subscribe<{ cameraStateChanged: { lastError: string | null } }>(
    'subscription($id: ID!) { cameraStateChanged(cameraId: $id) { lastError } }',
    { id },
  );
  await states.next();
  const listening = `FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN "flashback_keys"'`;
  await sql.query(`SELECT pg_terminate_backend(pid, 5000) ${listening}`);
  expect((await sql.query(`SELECT pid ${listening}`)).rows).toEqual([]);
  await sql.query(`UPDATE cameras SET last_error = 'unseen', state_since = now() WHERE id = $1`, [id]);
  await states.until(({ cameraStateChanged }) => cameraStateChanged.lastError === 'unseen');
  states.stop();
  await sql.end();
});
