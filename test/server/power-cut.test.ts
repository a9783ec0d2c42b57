// What survives a power cut, shown by the order of the server's system calls.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startTestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, endEvent } from '../support/app/playbacks.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';

let camera: TestCamera;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-power-'));
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
});

afterAll(async () => {
  await camera.close();
  await rm(dir, { recursive: true, force: true });
});

interface Call {
  /** Seconds. */
  at: number;
  name: string;
  rest: string;
}

/** Attaches strace to this process. @returns a function that ends strace and returns the calls in order */
async function trace(): Promise<() => Promise<Call[]>> {
  const file = path.join(dir, 'calls');
  const names = 'trace=mkdir,fsync,fdatasync,write,writev,pwrite64,pwritev,rename,unlink,rmdir';
  const args = ['-f', '-ttt', '-y', '-s', '2000', '-e', names, '-o', file, '-p', String(process.pid)];
  const strace = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  strace.stderr.on('data', (chunk) => {
    said += chunk;
  });
  await until(() => said.includes('attached'), `strace is attached; it says: ${said}`);
  return async () => {
    strace.kill('SIGINT');
    await once(strace, 'exit');
    const lines = (await readFile(file, 'utf8')).split('\n');
    return lines.flatMap((line) => {
      // A call that is interrupted by another thread's call is shown twice: at its begin and at its end.
      const found = /^\d+\s+([\d.]+) (?:<\.\.\. )?(\w+)(?:\(| resumed>)(.*)$/.exec(line);
      return found ? [{ at: Number(found[1]), name: found[2]!, rest: found[3]! }] : [];
    });
  };
}

test('footage is synced once a second, folders and clips before their rows; the spool is removed last', async ({
  skip,
}) => {
  if (spawnSync('strace', ['-V']).status !== 0 && !process.env['CI']) skip('There is no strace here.');
  const app = await startTestApp();
  onTestFinished(() => app.close());
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
  const stop = await trace();
  const event = await createEvent(app.client, { cameraId });
  await sleep(4_000);
  await endEvent(app.client, event.id);
  expect((await awaitEnd(app.client, event)).recordingStatus).toBe('COMPLETED');
  await until(() => app.logged.some((line) => line.includes('"to":"COMPLETED"')), 'it is told');
  const calls = await stop();

  const { recordDir, dataDir } = app.config;
  const id = event.playback!.id;
  const index = (what: string, isMeant: (call: Call) => boolean) => {
    const found = calls.findIndex(isMeant);
    expect(found, what).toBeGreaterThanOrEqual(0);
    return found;
  };
  const isWrite = ({ name }: Call) => /^p?writev?(64)?$/.test(name);
  // The poster is there for a while, too. It can be made again.
  const isFootage = (call: Call) =>
    isWrite(call) && call.rest.includes(`${recordDir}/${id}/`) && call.rest.includes('.mp4>');
  const isSync = ({ name, rest }: Call, of: string) =>
    (name === 'fsync' || name === 'fdatasync') && rest.includes(of);
  const says = (status: string) => (call: Call) =>
    isWrite(call) && call.rest.includes('socket') && call.rest.includes(status) && call.rest.includes(id);

  // Invariant 1: the folder's name is durable before the row says RECORDING.
  const made = index('the folder is made', ({ name, rest }) => name === 'mkdir' && rest.includes(id));
  const folderSynced = index('the spool’s folder is synced', (call) => isSync(call, `${recordDir}>`));
  const recording = index('the row says RECORDING', says('RECORDING'));
  expect([made, folderSynced, recording]).toEqual([made, folderSynced, recording].sort((a, b) => a - b));

  // Everything that is written is synced within a second plus the duration of the sync.
  const syncs = calls.filter((call) => isSync(call, `${recordDir}/${id}/`)).map(({ at }) => at);
  const writes = calls.filter(isFootage).map(({ at }) => at);
  expect(writes.length).toBeGreaterThan(5);
  // One call for the init segment and the pre-roll, because many recordings begin at the same time.
  expect(calls.find(isFootage)!.rest).toMatch(/ftyp.*moof/);
  const waits = writes.map((at) => Math.min(...syncs.filter((synced) => synced >= at)) - at);
  expect(Math.max(...waits)).toBeLessThan(1.6);
  const nameSynced = index('the name of the spool’s file is synced', (call) =>
    isSync(call, `${recordDir}/${id}>`),
  );
  expect(calls[nameSynced]!.at - writes[0]!).toBeLessThan(1.6);

  // Invariants 2 and 3: first clip and folder, then the row, then the spool is removed.
  const clip = index('the clip is synced', (call) => isSync(call, `.${id}.mp4.part`));
  const renamed = index(
    'the clip gets its name',
    ({ name, rest }) => name === 'rename' && rest.includes(`${id}.mp4`),
  );
  const clipFolder = calls.findIndex((call, i) => i > renamed && isSync(call, `${dataDir}/media/`));
  const completed = index('the row says COMPLETED', says('COMPLETED'));
  const gone = index(
    'the spool goes',
    ({ name, rest }) => /unlink|rmdir/.test(name) && rest.includes(`${recordDir}/${id}`),
  );
  expect([clip, renamed, clipFolder, completed, gone]).toEqual(
    [clip, renamed, clipFolder, completed, gone].sort((a, b) => a - b),
  );
}, 60_000);
