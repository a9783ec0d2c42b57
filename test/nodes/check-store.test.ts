// check-store beside one of several servers: it asks the others for their spools, and repairs them there.
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { spoolMark } from '../../src/spool/mark.ts';
import { awaitEnd, createEvent, endEvent } from '../support/app/playbacks.ts';
import { startTestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { runProgram } from '../support/processes/program.ts';
import { openNodes } from './together.ts';

test('check-store compares the spools of all servers, and repairs them where they are', async () => {
  const nodes = await openNodes();
  const camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  onTestFinished(async () => {
    await nodes.close();
    await camera.close();
  });
  const a = await nodes.start('a');
  await nodes.start('b');
  const gate = await nodes.addCamera(a, camera.url);
  const { owner, other } = gate;
  /** Runs the command beside the server that does not have the camera. */
  async function check(...flags: string[]): Promise<{ code: number; lines: string[] }> {
    const child = runProgram('src/check-store.ts', flags, await nodes.settings(other.id));
    let words = '';
    child.stdout!.on('data', (chunk) => (words += chunk));
    const code = await new Promise<number>((resolve) => child.once('close', resolve));
    return { code, lines: words.trim().split('\n') };
  }

  const running = await createEvent(other.client, { cameraId: gate.id });
  const ended = await createEvent(other.client, { cameraId: gate.id });
  await endEvent(other.client, ended.id);
  await awaitEnd(other.client, ended);
  await expect
    .poll(async () => (await readdir(owner.config.recordDir)).includes(ended.playback!.id))
    .toBe(false);
  expect(await check()).toEqual({ code: 0, lines: ['Rows, spool and store agree.'] });

  // A spool that is needed no more, one of nobody, and one that is at the wrong server.
  const { recordDir } = owner.config;
  const [needless, nobodys] = [ended.playback!.id, randomUUID()];
  for (const id of [needless, nobodys]) await mkdir(path.join(recordDir, id));
  const misplaced = path.join(other.config.recordDir, running.playback!.id);
  await mkdir(misplaced);
  const found = await check();
  expect(found.code).toBe(1);
  expect(found.lines.sort()).toEqual(
    [
      `Server ${owner.id}: The playback ${needless} is COMPLETED, but its spool is still there.`,
      `Server ${owner.id}: The spool ${nobodys} belongs to no playback.`,
      `The playback ${running.playback!.id} is the server ${owner.id}’s, but a spool of it is here.`,
    ].sort(),
  );
  await rm(misplaced, { recursive: true });
  const repaired = await check('--repair');
  expect(repaired.lines.map((line) => line.endsWith(' Repaired.'))).toEqual([true, true]);
  expect((await readdir(recordDir)).filter((name) => !name.startsWith('.'))).toEqual([running.playback!.id]);

  const mark = spoolMark(recordDir);
  await rename(mark, `${mark}.away`);
  const unmounted = await check();
  await rename(`${mark}.away`, mark);
  expect(unmounted.lines).toContainEqual(
    `The spool of the server ${owner.id} cannot be read: the spool’s disk is not mounted at ${recordDir} (ENOENT: ${mark}).`,
  );
  await endEvent(other.client, running.id);
  await awaitEnd(other.client, running);

  // A server that does not answer, and has something unfinished. It is not lost, so nobody takes that over.
  await nodes.sql.query(
    `INSERT INTO nodes (id, incarnation, version, capacity, started_at, heartbeat_at, lease_until)
     VALUES ('gone', 7, '0.2.0', 1, now(), now(), now() + interval '1 hour')`,
  );
  await nodes.sql.query(
    "UPDATE playbacks SET recording_status = 'PROCESSING', node_id = 'gone', owner_epoch = 7 WHERE id = $1",
    [ended.playback!.id],
  );
  expect((await check()).lines).toContain(
    'The server gone does not answer: the spools of its 1 unfinished playbacks were not compared.',
  );
}, 120_000);
