// Several servers of one database: any of them answers everything, one reads each camera.
import { randomUUID } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { connectDb } from '../../src/db/client.ts';
import { readSharedSecret } from '../../src/db/link-secret.ts';
import { newPlayback } from '../../src/db/playbacks.ts';
import { createSeal } from '../../src/db/seal.ts';
import { readSecretKeys } from '../../src/db/secret-keys.ts';
import { OtherNodes } from '../../src/nodes/other-nodes.ts';
import { createCallSigner } from '../../src/nodes/signature.ts';
import type { Recorded } from '../../src/usecases/record-here.ts';
import { firstJump, readClip } from '../support/app/clip.ts';
import {
  awaitEnd,
  createEvent,
  endEvent,
  type PlaybackFacts,
  readPlayback,
} from '../support/app/playbacks.ts';
import { awaitRing } from '../support/app/ring.ts';
import { decodeTimeOf, movieOf, openViewer, type TestViewer } from '../support/app/viewer.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { readFrames } from '../support/media/frames.ts';
import { startLine } from '../support/processes/line.ts';
import { openNodes, type TestNode, type TestNodes } from './together.ts';

let nodes: TestNodes;
let camera: TestCamera;
let a: TestNode;
let b: TestNode;
/** A camera, the node that reads it, and the other one. */
let gate: { id: string; owner: TestNode; other: TestNode };

beforeAll(async () => {
  nodes = await openNodes();
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  [a, b] = [await nodes.start('a'), await nodes.start('b')];
  gate = await nodes.addCamera(a, camera.url);
}, 60_000);
afterAll(async () => {
  await nodes.close();
  await camera.close();
});

const rowOf = async (id: string) =>
  (await nodes.sql.query('SELECT node_id, recording_status FROM playbacks WHERE id = $1', [id])).rows[0];
/** Calls tasks of a node as another one does. */
async function openCaller({ id, config }: TestNode, callee: TestNode) {
  const db = connectDb(config.databaseUrl!);
  const secret = await readSharedSecret(
    db,
    createSeal(await readSecretKeys(config.dataDir, config.secretKeys)),
  );
  const signer = createCallSigner(secret, Date.now);
  const others = new OtherNodes({ db, self: { nodeId: id, incarnation: 0n }, isAlone: false, signer });
  return {
    call: (task: string, input: unknown) => others.call(callee.id, task, input) as Promise<Recorded>,
    close: () => db.$disconnect(),
  };
}
/** The ids of the playbacks that have a spool: their folders are beside that of the storyboards. */
const spoolsOf = async ({ config }: TestNode) =>
  (await readdir(config.recordDir)).filter((name) => /^[0-9a-f]{8}-/.test(name));

test('an event that another node is told is recorded by the camera’s owner, with its pre-roll, and ended there', async () => {
  const { id: cameraId, owner, other } = gate;
  const event = await createEvent(other.client, { cameraId, metadata: { lane: 3 } });
  expect(event.playback).toMatchObject({ recordingStatus: 'RECORDING' });
  const { id } = event.playback!;
  expect(await rowOf(id)).toEqual({ node_id: owner.id, recording_status: 'RECORDING' });
  expect([await spoolsOf(owner), await spoolsOf(other)]).toEqual([[id], []]);
  await endEvent(other.client, event.id);
  const playback = await awaitEnd(other.client, event);
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', endReason: 'ENDED', gaps: [] });
  const clip = await readClip(camera, playback, nodes.dir);
  expect(Date.parse(playback.startedAt) - clip.firstSentAt).toBeGreaterThan(0);
  expect(clip.lastSentAt).toBeGreaterThan(Date.parse(playback.endedAt!) - 500);
  expect(camera.sessionsEver).toBe(1);
  expect(playback.transitions.map(({ to }) => to)).toEqual([
    ...['PENDING', 'RECORDING', 'PROCESSING', 'COMPLETED'],
  ]);
  const { rows } = await nodes.sql.query('SELECT metadata FROM events WHERE id = $1', [event.id]);
  expect(rows).toEqual([{ metadata: { lane: 3 } }]);
});

test('calls with the same idempotency key through two nodes give one event, and both wait for RECORDING', async () => {
  const { id: cameraId } = gate;
  const calls = [a, b, a, b].map(({ client }) => createEvent(client, { cameraId, idempotencyKey: 'one' }));
  const events = await Promise.all(calls);
  expect(new Set(events.map(({ id }) => id)).size).toBe(1);
  expect(new Set(events.map(({ playback }) => playback?.id)).size).toBe(1);
  for (const { playback } of events) expect(playback?.recordingStatus).toBe('RECORDING');
  await endEvent(b.client, events[0]!.id);
  await awaitEnd(a.client, events[0]!);
});

test('live pictures, posters, snapshots and what the bucket has come from any node, and a playback that runs is deleted from any', async () => {
  const { id: cameraId, owner, other } = gate;
  const copies = other.client.subscribe<{ playbackOffsiteChanged: { id: string; offsiteUntil: string } }>(
    'subscription { playbackOffsiteChanged { id offsiteUntil } }',
  );
  const { startRecording } = await other.client.run<{ startRecording: { playback: PlaybackFacts } }>(
    'mutation($input: StartRecordingInput!) { startRecording(input: $input) { playback { id recordingStatus } } }',
    { input: { cameraId } },
  );
  const { id, recordingStatus } = startRecording.playback;
  expect(recordingStatus).toBe('RECORDING');
  const { playbackOffsiteChanged: copied } = await copies.next();
  copies.stop();
  expect(copied.id).toBe(id);
  expect(Date.now() - Date.parse(copied.offsiteUntil)).toBeLessThan(10_000);
  const read = () =>
    other.client.run<{
      playback: { liveUrl: string; thumbnailUrl: string | null };
      camera: { snapshotUrl: string };
    }>(`{ playback(id: "${id}") { liveUrl thumbnailUrl } camera(id: "${cameraId}") { snapshotUrl } }`);
  await expect.poll(async () => (await read()).playback.thumbnailUrl, { timeout: 15_000 }).not.toBeNull();
  const { playback, camera: shown } = await read();
  for (const url of [playback.liveUrl, playback.thumbnailUrl!, shown.snapshotUrl])
    expect(url).toContain(other.app.url);
  const list = await (await fetch(playback.liveUrl)).text();
  expect(list).toContain('#EXTM3U');
  const segment = await fetch(new URL(/^\d+\.m4s$/m.exec(list)![0], playback.liveUrl));
  expect(segment.headers.get('content-type')).toBe('video/iso.segment');
  expect(
    Buffer.from(await segment.arrayBuffer())
      .subarray(4, 8)
      .toString(),
  ).toMatch(/styp|moof/);
  for (const url of [playback.thumbnailUrl!, shown.snapshotUrl]) {
    await expect.poll(async () => (await fetch(url)).status).toBe(200);
    const jpeg = Buffer.from(await (await fetch(url)).arrayBuffer());
    expect(jpeg.subarray(0, 2).toString('hex')).toBe('ffd8');
  }
  expect(await spoolsOf(owner)).toContain(id);
  await other.client.run('mutation($id: ID!) { deletePlayback(id: $id) { id } }', { id });
  expect(await spoolsOf(owner)).not.toContain(id);
  expect(await rowOf(id)).toBeUndefined();
});

test('a camera of another node is watched live, with what the ring there holds, in one stream for all viewers', async () => {
  const { id: cameraId, owner, other } = gate;
  await awaitRing(owner, [cameraId], 3);
  const viewers = [
    await openViewer(other.app.url),
    await openViewer(other.app.url),
    await openViewer(owner.app.url),
  ];
  for (const viewer of viewers) viewer.watch(cameraId);
  for (const viewer of viewers) await until(() => viewer.footageOf(cameraId).length > 20, 'it is live');
  const [far, second, near] = viewers as [TestViewer, TestViewer, TestViewer];
  const newest = second.footageOf(cameraId).at(-1)!;
  for (const viewer of [far, near]) {
    await until(() => viewer.footageOf(cameraId).some((it) => it.equals(newest)), 'all get the same bytes');
  }
  const before = far.footageOf(cameraId).length;
  far.say({ type: 'back', camera: cameraId });
  await until(() => far.footageOf(cameraId).length > before + 20, 'it has gone back');
  for (const viewer of viewers) await viewer.close();
  // What comes after `back` begins earlier than the first picture, and has every picture up to now.
  const [init, ...fragments] = far.footageOf(cameraId);
  const counters = async (from: number, name: string) => {
    const file = path.join(nodes.dir, name);
    await writeFile(file, movieOf([init!, ...fragments.slice(from)]));
    return (await readFrames(file)).map(({ counter }) => counter);
  };
  const start = fragments.findIndex((it, i) => i > 0 && decodeTimeOf(it) < decodeTimeOf(fragments[i - 1]!));
  expect(start).toBeGreaterThan(0);
  expect(decodeTimeOf(fragments[start]!)).toBeLessThan(decodeTimeOf(fragments[0]!));
  const all = await counters(start, 'back.mp4');
  expect(all.every((counter, i) => i === 0 || counter === all[i - 1]! + 1)).toBe(true);
  // No second connection to the camera.
  expect(camera.sessionsEver).toBe(1);
});

test('another node protects, stops and retries a playback, and says whether that can help', async () => {
  const { id: cameraId, other } = gate;
  const event = await createEvent(other.client, { cameraId });
  const { id } = event.playback!;
  const run = (mutation: string, input: string) =>
    other.client.run(`mutation { ${mutation}(${input}) { playback { id } } }`);
  await run('protectPlayback', `id: "${id}", reason: "kept"`);
  const refusal = await other.client.fail('mutation($id: ID!) { deletePlayback(id: $id) { id } }', { id });
  expect(refusal.code).toBe('CONFLICT');
  // The bucket refuses this clip for good.
  let isRefusing = true;
  nodes.bucket.fail({ match: (_op, key) => isRefusing && key.endsWith('.mp4'), status: 403, times: 1_000 });
  await run('stopRecording', `playbackId: "${id}"`);
  const failed = await awaitEnd(other.client, event);
  expect(failed).toMatchObject({ recordingStatus: 'FAILED', failure: { retryable: true } });
  isRefusing = false;
  await run('retryPlayback', `id: "${id}"`);
  await expect.poll(async () => (await readPlayback(other.client, id)).recordingStatus).toBe('COMPLETED');
});

test('an order that is repeated because the owner was slow begins one recording, whichever of the two comes first', async () => {
  const { id: cameraId, owner, other } = gate;
  const { call, close } = await openCaller(other, owner);
  await awaitRing(owner, [cameraId], 2);
  const at = new Date();
  const playback = newPlayback({
    cameraId,
    startedAt: at,
    preRollSec: 1,
    deadlineAt: new Date(at.getTime() + 60_000),
  });
  const order = { playback, by: 'anybody', at };
  const begun = await Promise.all([
    call('record', { ...order, isAgain: true }),
    call('record', { ...order, isAgain: false }),
    call('record', { ...order, isAgain: false }),
    call('record', { ...order, isAgain: true }),
  ]);
  for (const { playback: one } of begun)
    expect(one).toMatchObject({ id: playback.id, recordingStatus: 'RECORDING' });
  await until(
    async () => (await readPlayback(other.client, playback.id)).clipStartedAt !== null,
    'it is recorded',
  );
  const files = await readdir(path.join(owner.config.recordDir, playback.id));
  expect(files.filter((name) => name.endsWith('.mp4'))).toHaveLength(1);
  await other.client.run(`mutation { stopRecording(playbackId: "${playback.id}") { playback { id } } }`);
  await expect
    .poll(async () => (await readPlayback(other.client, playback.id)).recordingStatus, { timeout: 15_000 })
    .toBe('COMPLETED');
  const ended = await readPlayback(other.client, playback.id);
  expect(ended).toMatchObject({ recordingStatus: 'COMPLETED', gaps: [] });
  const clip = await readClip(camera, ended, nodes.dir);
  expect(clip.firstSentAt).toBeLessThan(at.getTime());
  expect(owner.logged.filter((line) => line.includes(playback.id) && line.includes('"level":50'))).toEqual(
    [],
  );
  await close();
});

test('an order that arrives after its sender has given up is refused', async () => {
  const { id: cameraId, owner, other } = gate;
  const { call, close } = await openCaller(other, owner);
  const line = await startLine(Number(owner.config.port));
  onTestFinished(async () => {
    await nodes.sql.query('UPDATE nodes SET url = $2 WHERE id = $1', [owner.id, owner.app.url]);
    await close();
    await line.close();
  });
  const url = `http://127.0.0.1:${line.port}`;
  await nodes.sql.query('UPDATE nodes SET url = $2 WHERE id = $1', [owner.id, url]);
  expect(await call('holdsFootage', randomUUID())).toBe(false);
  line.cut();
  const at = new Date();
  const playback = newPlayback({ cameraId, startedAt: at, preRollSec: 1, deadlineAt: at });
  await expect(call('record', { playback, by: 'anybody', at })).rejects.toThrow('does not answer');
  line.mend();
  // What was held back arrives first.
  for (let i = 0; i < 3; i++) expect(await call('holdsFootage', randomUUID())).toBe(false);
  expect(await rowOf(playback.id)).toBeUndefined();
});

test('calls that no node has signed, or that were meant for another start, are refused', async () => {
  const { owner } = gate;
  const call = (headers: Record<string, string>) =>
    fetch(`${owner.app.url}/node/tasks/remove`, { method: 'POST', body: '"x"', headers });
  expect((await call({})).status).toBe(403);
  const forged = { 'x-flashback-signature': `${Date.now() + 9_000} ${'A'.repeat(43)}` };
  expect((await call(forged)).status).toBe(403);
});

test('a node that is stopped hands over its cameras and what it records, and gets its share back when it comes again', async () => {
  const { id: cameraId, owner, other } = gate;
  const event = await createEvent(other.client, { cameraId });
  const firstId = event.playback!.id;
  await until(
    async () => (await readPlayback(other.client, firstId)).clipStartedAt !== null,
    'it is recorded',
  );
  const viewer = await openViewer(other.app.url);
  viewer.watch(cameraId);
  /** Waits until the viewer sees pictures of now, wherever they come from. */
  const seesNow = () => {
    const since = Date.now() * 90;
    const isNew = (it: Buffer) => decodeTimeOf(it) > since;
    return until(() => viewer.footageOf(cameraId).some(isNew), 'the viewer sees pictures of now');
  };
  await seesNow();
  const draining = owner.app.drain();
  // Until the camera is the other node's, it is recorded here.
  const late = await createEvent(other.client, { cameraId });
  expect(late.playback).toMatchObject({ recordingStatus: 'RECORDING', missedMs: 0 });
  await draining;
  const first = await readPlayback(other.client, firstId);
  expect(first).toMatchObject({ recordingStatus: 'COMPLETED', endReason: 'SHUTDOWN' });
  // A spool is removed right after its playback is COMPLETED.
  await expect.poll(() => spoolsOf(owner)).toEqual([]);
  await owner.close();
  await seesNow();
  const { rows } = await nodes.sql.query(
    'SELECT id, node_id FROM playbacks WHERE event_id = $1 AND id <> $2',
    [event.id, firstId],
  );
  expect(rows).toEqual([{ id: rows[0].id, node_id: other.id }]);
  for (const { id } of [event, late]) await endEvent(other.client, id);
  const furtherId = rows[0].id;
  await expect
    .poll(async () => (await readPlayback(other.client, furtherId)).recordingStatus)
    .toBe('COMPLETED');
  const further = await readPlayback(other.client, furtherId);
  expect(further).toMatchObject({ endReason: 'ENDED', gaps: [] });
  // No picture is missing, and at most the pictures of a keyframe interval and of a fragment are in both.
  const before = await readClip(camera, first, nodes.dir);
  const after = await readClip(camera, further, nodes.dir);
  const isNew = ({ counter }: { counter: number }) => counter > before.frames.at(-1)!.counter;
  expect(firstJump([...before.frames, ...after.frames.filter(isNew)])).toBe(-1);
  expect(before.lastSentAt - after.firstSentAt).toBeLessThan(1_700);

  // It is recorded while the first owner comes back.
  const long = await createEvent(other.client, { cameraId });
  await nodes.start(owner.id);
  const nodeOf = async () => {
    const { camera } = await other.client.run<{ camera: { node: string } }>(
      `{ camera(id: "${cameraId}") { node } }`,
    );
    return camera.node;
  };
  // The camera stays until that is over.
  const { nodes: all } = await other.client.run<{ nodes: object[] }>('{ nodes { id url state recordings } }');
  expect(all).toMatchObject([
    { id: 'a', url: a.config.nodeUrl, state: 'LIVE' },
    { id: 'b', url: b.config.nodeUrl, state: 'LIVE' },
  ]);
  expect(await nodeOf()).toBe(other.id);
  await endEvent(other.client, long.id);
  expect((await awaitEnd(other.client, long)).recordingStatus).toBe('COMPLETED');
  await until(async () => (await nodeOf()) === owner.id, 'the camera is back');
  await seesNow();
  await viewer.close();
  // Its pre-roll came with it.
  const last = await createEvent(other.client, { cameraId });
  expect(last.playback).toMatchObject({ recordingStatus: 'RECORDING', missedMs: 0 });
  expect(last.playback!.preRollMs).toBeGreaterThanOrEqual(1_000);
});
