// A node is killed in mid-event: the event goes on at another one, and the footage of the killed one is kept.
import { expect, onTestFinished, test } from 'vitest';
import { readClip } from '../support/app/clip.ts';
import { awaitEnd, createEvent, endEvent, readPlayback } from '../support/app/playbacks.ts';
import { startTestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { startServer } from '../torture/server.ts';
import { openNodes } from './together.ts';

test('an event of a node that is killed goes on at another node, and both clips are made', {
  timeout: 150_000,
}, async () => {
  const nodes = await openNodes();
  const camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  const other = await nodes.start('other', { MAX_RECORDINGS: '2' });
  // With a capacity like this, it gets the camera.
  const settings = { ...(await nodes.settings('lost')), MAX_RECORDINGS: '4000' };
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
  const hasPictures = async (id: string) => (await readPlayback(client, id)).clipStartedAt !== null;
  await until(() => hasPictures(firstId), 'it is recorded');

  const killedAt = Date.now();
  lost.kill();
  await lost.over();
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
  expect(first).toMatchObject({ id: firstId, node_id: 'lost', status: 'RECORDING', end_reason: 'NODE_LOST' });
  expect(first.record_until).toEqual(further.started_at);
  expect(further).toMatchObject({ node_id: 'other', end_reason: null });
  expect(further.started_at.getTime() - killedAt).toBeLessThan(12_000);
  await until(() => hasPictures(further.id), 'it is recorded at the other node');
  await endEvent(client, event.id);
  await endEvent(client, late.id);
  const second = await awaitEnd(client, { id: event.id, playback: { id: further.id } });
  expect(second).toMatchObject({ recordingStatus: 'COMPLETED', endReason: 'ENDED' });
  expect((await readClip(camera, second, nodes.dir)).frames.length).toBeGreaterThan(1);

  // Its disk is still there.
  lost = await startServer(settings);
  await until(
    async () => (await readPlayback(client, firstId)).recordingStatus === 'COMPLETED',
    'the clip of the killed node is made',
  );
  const clip = await readClip(camera, await readPlayback(client, firstId), nodes.dir);
  expect(clip.lastSentAt).toBeGreaterThan(killedAt - 1_500);
  expect(clip.lastSentAt).toBeLessThan(killedAt + 200);
  const ownerOf = async () => (await nodes.sql.query('SELECT node_id FROM cameras')).rows[0].node_id;
  await until(async () => (await ownerOf()) === 'lost', 'the camera is back');
});
