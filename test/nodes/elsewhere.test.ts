// Where a camera cannot be recorded: another node takes it, or its row says why none does.
import { rename } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { spoolMark } from '../../src/spool/mark.ts';
import { type Clip, readClip } from '../support/app/clip.ts';
import { awaitEnd, createEvent, endEvent, readPlayback } from '../support/app/playbacks.ts';
import { awaitRing } from '../support/app/ring.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { openNodes, type TestNode, type TestNodes } from './together.ts';

let nodes: TestNodes;
let camera: TestCamera;
let a: TestNode;

beforeAll(async () => {
  nodes = await openNodes();
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  a = await nodes.start('a');
  await nodes.start('b');
}, 60_000);
afterAll(async () => {
  await nodes.close();
  await camera.close();
});

interface Shown {
  readonly node: string | null;
  readonly site: string | null;
  readonly state: string;
  readonly lastError: string | null;
  readonly lastErrorCode: string | null;
}
const shown = async (id: string) =>
  (
    await a.client.run<{ camera: Shown }>(
      `{ camera(id: "${id}") { node site state lastError lastErrorCode } }`,
    )
  ).camera;
const problems = async () =>
  (await a.client.run<{ nodes: { id: string; problem: string | null }[] }>('{ nodes { id problem } }')).nodes;

test('a node whose spool is not mounted loses its cameras, with their pre-roll, until it is mounted again', async () => {
  const gate = await nodes.addCamera(a, camera.url);
  const { owner, other } = gate;
  const mark = spoolMark(owner.config.recordDir);
  await rename(mark, `${mark}.away`);
  // While the camera moves, its events wait for the other node.
  await until(
    async () => (await problems()).some(({ id, problem }) => id === owner.id && problem !== null),
    'nodes says so',
  );
  expect(await problems()).toContainEqual({
    id: owner.id,
    problem: `the spool’s disk is not mounted at ${owner.config.recordDir} (ENOENT: ${mark})`,
  });
  await until(async () => (await shown(gate.id)).node === other.id, 'the camera is the other node’s');
  const event = await createEvent(owner.client, { cameraId: gate.id });
  expect(event.playback).toMatchObject({ recordingStatus: 'RECORDING', missedMs: 0 });
  expect(event.playback!.preRollMs).toBeGreaterThanOrEqual(1_000);
  await endEvent(owner.client, event.id);
  expect((await awaitEnd(owner.client, event)).recordingStatus).toBe('COMPLETED');

  // No node is left: the camera stays, and says why it cannot be recorded.
  const otherMark = spoolMark(other.config.recordDir);
  await rename(otherMark, `${otherMark}.away`);
  await until(async () => (await shown(gate.id)).lastError !== null, 'the camera says so');
  expect(await shown(gate.id)).toMatchObject({
    ...{ node: other.id, state: 'LIVE' },
    lastError: `No recording can begin: the spool’s disk is not mounted at ${other.config.recordDir} (ENOENT: ${otherMark}).`,
    lastErrorCode: 'NO_ROOM',
  });
  const refusal = await owner.client.fail(
    'mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } } }',
    { input: { cameraId: gate.id, type: 'MOTION' } },
  );
  expect(refusal).toMatchObject({ code: 'CAPACITY', message: expect.stringContaining('is not mounted') });
  await rename(`${otherMark}.away`, otherMark);
  await rename(`${mark}.away`, mark);
  await until(async () => (await shown(gate.id)).lastError === null, 'it can be recorded again');
  await until(async () => (await shown(gate.id)).node === owner.id, 'the camera is back');
}, 60_000);

test('an event goes on at another node when the disk of the node that records it is not mounted any more', async () => {
  const gate = await nodes.addCamera(a, camera.url);
  const { owner, other } = gate;
  await awaitRing(owner, [gate.id], 2);
  const event = await createEvent(other.client, { cameraId: gate.id });
  const mark = spoolMark(owner.config.recordDir);
  const playbacks = async () =>
    (
      await nodes.sql.query(
        `SELECT id, node_id, recording_status AS status, end_reason FROM playbacks WHERE event_id = $1 ORDER BY id`,
        [event.id],
      )
    ).rows;
  await rename(mark, `${mark}.away`);
  await until(async () => (await playbacks())[1]?.status === 'RECORDING', 'the event goes on');
  const [first, further] = await playbacks();
  expect(first).toMatchObject({ id: event.playback!.id, node_id: owner.id, end_reason: 'SHUTDOWN' });
  expect(further).toMatchObject({ node_id: other.id, end_reason: null });
  await until(
    async () => (await readPlayback(a.client, further.id)).clipStartedAt !== null,
    'it is recorded there',
  );
  await endEvent(a.client, event.id);
  await rename(`${mark}.away`, mark);
  const clips: Clip[] = [];
  for (const { id } of [first, further]) {
    await until(
      async () => (await readPlayback(a.client, id)).recordingStatus === 'COMPLETED',
      'its clip is made',
    );
    clips.push(await readClip(camera, await readPlayback(a.client, id), nodes.dir));
  }
  // The other node reads the camera only since the disk is away. `missedMs` says how much was sent before that.
  const [before, after] = clips as [Clip, Clip];
  const holeMs = after.firstSentAt - before.lastSentAt;
  expect(holeMs).toBeLessThan(6_000);
  const { missedMs } = await readPlayback(a.client, further.id);
  expect(Math.abs(Math.max(0, holeMs) - missedMs!)).toBeLessThan(150);
  await until(async () => (await shown(gate.id)).node === owner.id, 'the camera is back');
}, 60_000);

test('a camera of a site without a node is not read and refused in words, and is read once it has one', async () => {
  const { createCamera } = await a.client.run<{ createCamera: { camera: Shown & { id: string } } }>(
    'mutation($input: CreateCameraInput!) { createCamera(input: $input) { camera { id node site state lastError lastErrorCode } } }',
    { input: { name: 'Quay', rtspUrl: camera.url, preRollSec: 1, site: 'Harbour' } },
  );
  const { id, ...made } = createCamera.camera;
  const lastError =
    'No server of the site Harbour is there, and servers of other sites do not read this camera.';
  expect(made).toEqual({
    node: null,
    site: 'Harbour',
    state: 'OFFLINE',
    lastError,
    lastErrorCode: 'NO_SERVER',
  });
  const refusal = await a.client.fail(
    'mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } } }',
    { input: { cameraId: id, type: 'MOTION' } },
  );
  expect(refusal).toMatchObject({ code: 'CAPACITY', message: lastError });
  await nodes.start('c', { SITE: 'Harbour' });
  await until(async () => (await shown(id)).state === 'LIVE', 'it is read');
  expect(await shown(id)).toEqual({
    node: 'c',
    site: 'Harbour',
    state: 'LIVE',
    lastError: null,
    lastErrorCode: null,
  });
  const { nodes: all } = await a.client.run<{ nodes: object[] }>('{ nodes { id site cameras } }');
  expect(all).toContainEqual({ id: 'c', site: 'Harbour', cameras: 1 });
  // Without a site, any node reads it; "" takes the site away.
  const update = (site: string) =>
    a.client.run<{ updateCamera: { camera: Shown } }>(
      'mutation($input: UpdateCameraInput!) { updateCamera(input: $input) { camera { site } } }',
      { input: { id, site } },
    );
  expect((await update('')).updateCamera.camera).toEqual({ site: null });
  await update('default');
  await until(async () => ['a', 'b'].includes((await shown(id)).node ?? ''), 'it is at a node of its site');
}, 60_000);
