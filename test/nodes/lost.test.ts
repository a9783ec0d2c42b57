// A node is killed in mid-event: the event goes on at another one, and the clip of the killed one's footage is made from the
// bucket, until its disk comes back.
import { randomUUID } from 'node:crypto';
import { readdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { firstJump, readClip } from '../support/app/clip.ts';
import { awaitEnd, createEvent, endEvent, readPlayback } from '../support/app/playbacks.ts';
import { startTestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { readCounterOfImage } from '../support/media/frames.ts';
import { awaitStoryboard, readStoryboard } from '../support/media/storyboard.ts';
import { startServer } from '../torture/server.ts';
import { openNodes } from './together.ts';

test('an event of a node that is killed goes on at another node, and both clips are made without its disk', {
  timeout: 150_000,
}, async () => {
  const nodes = await openNodes();
  const camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  const other = await nodes.start('other', { MAX_RECORDINGS: '3' });
  // With a capacity like this, it gets the camera. The other one has room for the three events that it will record.
  const ofLost = { MAX_RECORDINGS: '4000', OFFSITE_EVERY_SEC: '4' };
  const settings: Record<string, string> = { ...(await nodes.settings('lost')), ...ofLost };
  let lost = await startServer(settings);
  onTestFinished(async () => {
    lost.kill();
    await lost.over();
    await nodes.close();
    await camera.close();
  });
  const { client } = other;
  const { createCamera } = await client.run<{ createCamera: { camera: { id: string; node: string } } }>(
    'mutation($input: CreateCameraInput!) { createCamera(input: $input) { camera { id node } } }',
    { input: { name: 'Gate', rtspUrl: camera.url, preRollSec: 1 } },
  );
  const { id: cameraId, node } = createCamera.camera;
  expect(node).toBe('lost');
  await until(() => camera.sessions === 1, 'the camera is read');
  const event = await createEvent(client, { cameraId });
  const firstId = event.playback!.id;
  const alone = await createEvent(client, { cameraId });
  const aloneId = alone.playback!.id;
  const copied = async () => {
    const { rows } = await nodes.sql.query(
      `SELECT extract(epoch FROM offsite_until - clip_started_at)::float8 * 1000 AS ms,
         extract(epoch FROM clock_timestamp() - offsite_until)::float8 AS "sinceSec" FROM playbacks WHERE id = $1`,
      [firstId],
    );
    return rows[0] as { ms: number; sinceSec: number };
  };
  await until(async () => {
    const { ms, sinceSec } = await copied();
    return ms > 3_000 && sinceSec > 2;
  }, 'the bucket has its footage, except for the newest two seconds');

  const killedAt = Date.now();
  lost.kill();
  await lost.over();
  // Its disk is lost too, and the bucket holds nothing of the second playback.
  const [disk, away] = [settings['DATA_DIR']!, `${settings['DATA_DIR']}-away`];
  await rename(disk, away);
  const hasPictures = async (id: string) => (await readPlayback(client, id)).clipStartedAt !== null;
  const { objects } = nodes.bucket.contents;
  const copiesOf = (id: string) =>
    [...objects.keys()].filter((key) => key.startsWith('recovery/') && key.includes(id));
  for (const key of copiesOf(aloneId)) await nodes.bucket.contents.remove(key);
  // A node that wrote the manifest within a minute may come back.
  const manifest = copiesOf(firstId).find((key) => key.endsWith('manifest.json'))!;
  objects.get(manifest)!.modified = new Date(killedAt - 61_000);
  // An event that is reported now waits until the camera has another owner.
  const late = await createEvent(client, { cameraId });
  expect(late.playback?.recordingStatus).toBe('RECORDING');
  const playbacks = async () =>
    (
      await nodes.sql.query(
        `SELECT id, node_id, recording_status AS status, end_reason, started_at, record_until FROM playbacks
         WHERE event_id = $1 ORDER BY started_at, id`,
        [event.id],
      )
    ).rows;
  await until(async () => (await playbacks())[1]?.status === 'RECORDING', 'the event goes on');
  const [first, further] = await playbacks();
  expect(first).toMatchObject({ id: firstId, end_reason: 'NODE_LOST' });
  expect(first.record_until).toEqual(further.started_at);
  expect(further).toMatchObject({ node_id: 'other', end_reason: null });
  await until(() => hasPictures(further.id), 'it is recorded at the other node');
  for (const { id } of [event, alone, late]) await endEvent(client, id);
  const second = await awaitEnd(client, { id: event.id, playback: { id: further.id } });
  expect(second).toMatchObject({ recordingStatus: 'COMPLETED', endReason: 'ENDED' });
  expect((await readClip(camera, second, nodes.dir)).frames.length).toBeGreaterThan(1);

  await until(
    async () => (await readPlayback(client, firstId)).recordingStatus === 'COMPLETED',
    'the clip is made from the bucket',
  );
  const restored = await readPlayback(client, firstId);
  expect(restored).toMatchObject({ recordingStatus: 'COMPLETED', endReason: 'NODE_LOST', gaps: [] });
  const fromBucket = await readClip(camera, restored, nodes.dir);
  expect(firstJump(fromBucket.frames)).toBe(-1);
  const hasMs = fromBucket.lastSentAt - fromBucket.firstSentAt;
  expect(Math.abs(hasMs - (await copied()).ms)).toBeLessThan(200);
  expect(fromBucket.lastSentAt).toBeLessThan(killedAt);
  const poster = path.join(nodes.dir, 'poster.jpg');
  await writeFile(poster, Buffer.from(await (await fetch(restored.thumbnailUrl!)).arrayBuffer()));
  expect(await readCounterOfImage(poster)).toBe(fromBucket.frames[0]!.counter);
  const { cues } = await readStoryboard(await awaitStoryboard(client, firstId));
  expect(cues.at(-1)!.to * 1_000).toBeCloseTo(restored.durationMs!, -1);
  expect(cues.length).toBeGreaterThan(2);
  expect(restored.transitions.map(({ to }) => to)).toEqual([
    ...['PENDING', 'RECORDING', 'PROCESSING', 'COMPLETED'],
  ]);
  await until(() => copiesOf(firstId).length === 0, 'the recovery objects are removed');
  expect((await readPlayback(client, aloneId)).recordingStatus).toBe('RECORDING');

  // The disk comes back: what is on it alone becomes a clip, and the other clip gets what the bucket lacked.
  await rename(away, disk);
  lost = await startServer(settings);
  await until(
    async () => (await readPlayback(client, aloneId)).recordingStatus === 'COMPLETED',
    'the clip of the footage that only the disk had is made',
  );
  const spools = async () =>
    (await readdir(path.join(disk, 'spool'))).filter((name) => !name.startsWith('.'));
  await until(async () => (await spools()).length === 0, 'the spools are removed');
  const clip = await readClip(camera, await readPlayback(client, firstId), nodes.dir);
  expect(firstJump(clip.frames)).toBe(-1);
  expect(clip.frames[0]).toEqual(fromBucket.frames[0]);
  expect(clip.lastSentAt).toBeGreaterThan(killedAt - 1_500);
  expect(clip.lastSentAt).toBeLessThan(killedAt + 200);
  const clipsOf = (id: string) =>
    [...objects.keys()].filter((key) => key.endsWith('.mp4') && key.includes(id));
  await until(() => clipsOf(firstId).length === 1, 'the clip that was replaced is removed');
  const ownerOf = async () => (await nodes.sql.query('SELECT node_id FROM cameras')).rows[0].node_id;
  await until(async () => (await ownerOf()) === 'lost', 'the camera is back');
});

test('a playback on the disk of a node that is away can be deleted after NODE_LOST_AFTER', async () => {
  const nodes = await openNodes();
  onTestFinished(() => nodes.close());
  const { client } = await nodes.start('here', { NODE_LOST_AFTER: '3' });
  const id = randomUUID();
  const away = (hours: number) =>
    nodes.sql.query(
      `INSERT INTO nodes (id, url, incarnation, version, capacity, started_at, heartbeat_at, lease_until)
       VALUES ('gone', 'http://127.0.0.1:9', 1, '0.2.0', 1, now(), now(), now() - $1 * interval '1 hour')
       ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until`,
      [hours],
    );
  await away(2.9);
  await nodes.sql.query(
    `WITH camera AS (INSERT INTO cameras (id, name, rtsp_url, enabled) VALUES (gen_random_uuid(), 'Gate', 'rtsp://127.0.0.1:9/', false) RETURNING id)
     INSERT INTO playbacks (id, camera_id, recording_status, node_id) SELECT $1, id, 'FAILED', 'gone' FROM camera`,
    [id],
  );
  const deletion = 'mutation($id: ID!) { deletePlayback(id: $id) { id } }';
  expect(await client.fail(deletion, { id })).toMatchObject({ code: 'CAPACITY' });
  await away(3.1);
  await client.run(deletion, { id });
  expect((await nodes.sql.query('SELECT 1 FROM playbacks')).rows).toEqual([]);
});
