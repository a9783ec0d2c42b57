// Other users of the machine can read neither footage and clips, nor secrets in the environment of child processes.
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, endEvent } from '../support/app/playbacks.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';

const secret = 'not-for-children-0123456789';
let dataDir: string;
let recordDir: string;
let camera: TestCamera;
let app: TestApp;
let cameraId: string;
const umaskBefore = process.umask();

beforeAll(async () => {
  process.umask(0);
  process.env['API_KEYS'] = secret;
  process.env['R2_SECRET_ACCESS_KEY'] = secret;
  process.env['NO_NAME_THAT_IS_KNOWN'] = secret;
  dataDir = await mkdtemp(path.join(os.tmpdir(), 'flashback-private-'));
  recordDir = path.join(dataDir, 'elsewhere');
  // The modes with which an earlier version or `mkdir` left them.
  for (const folder of ['', 'media', 'children', 'launcher', 'elsewhere']) {
    await mkdir(path.join(dataDir, folder), { recursive: true });
    await chmod(path.join(dataDir, folder), 0o755);
  }
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  app = await startTestApp({ dataDir, recordDir });
  cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
});

afterAll(async () => {
  process.umask(umaskBefore);
  for (const name of ['API_KEYS', 'R2_SECRET_ACCESS_KEY', 'NO_NAME_THAT_IS_KNOWN']) delete process.env[name];
  await app.close();
  await camera.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** Everything below DATA_DIR that other users may read, write or list. */
async function forOthers(): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(dataDir, { recursive: true })) {
    const it = await stat(path.join(dataDir, name)).catch(() => undefined);
    if (it && (it.isFile() || it.isDirectory()) && it.mode & 0o077) found.push(name);
  }
  return found;
}

test('only this user can read footage, clips, posters and secrets, whatever the umask and the previous modes', async () => {
  const event = await createEvent(app.client, { cameraId });
  await until(
    async () => (await readdir(recordDir, { recursive: true })).some((name) => name.endsWith('poster.jpg')),
    'a poster is made while it runs',
  );
  expect(await forOthers()).toEqual([]);
  await endEvent(app.client, event.id);
  await awaitEnd(app.client, event);
  const names = await readdir(dataDir, { recursive: true });
  for (const end of ['.mp4', '.jpg', 'secret-key', 'link-secret']) {
    expect(names.some((name) => name.endsWith(end))).toBe(true);
  }
  expect(await forOthers()).toEqual([]);
});

test.runIf(process.platform === 'linux')(
  'no process that the server starts has secrets in its environment',
  async () => {
    const parents = new Map<number, number>();
    for (const name of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const text = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => '');
      parents.set(Number(name), Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]));
    }
    const isOurs = (pid: number): boolean => {
      const parent = parents.get(pid);
      return parent === process.pid || (parent !== undefined && parent > 1 && isOurs(parent));
    };
    const ours = [...parents.keys()].filter(isOurs);
    const environments = await Promise.all(
      ours.map((pid) => readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')),
    );
    const seen = environments.filter((text) => text.includes('PATH='));
    // The launcher, and the camera's ffmpeg if ffmpeg reads the camera.
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.filter((text) => text.includes(secret))).toEqual([]);
  },
);
