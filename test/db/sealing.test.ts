// Sealed stream addresses in the database, with a key that can be rotated.
import { randomBytes } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSeal } from '../../src/db/seal.ts';
import { addSecretKey, readSecretKeys, secretKeyFile } from '../../src/db/secret-keys.ts';
import { createLog } from '../../src/log.ts';
import { openChildren } from '../../src/processes/children.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { program } from '../support/processes/program.ts';

describe('a seal', () => {
  const [one, two] = [randomBytes(32), randomBytes(32)];

  test('is opened only with its key, and not at all after it was changed', () => {
    const seal = createSeal([one]);
    const sealed = seal.close('rtsp://admin:geheim@host/ü');
    expect(sealed).toMatch(/^sealed:[0-9a-f]{8}:[\w-]+$/);
    expect(seal.close('rtsp://admin:geheim@host/ü')).not.toBe(sealed);
    expect(seal.open(sealed)).toBe('rtsp://admin:geheim@host/ü');
    expect(createSeal([two, one]).open(sealed)).toBe('rtsp://admin:geheim@host/ü');
    expect(createSeal([two]).open(sealed)).toBeUndefined();
    const bytes = Buffer.from(sealed.slice(16), 'base64url');
    for (const at of [0, 12, 28, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(seal.open(sealed.slice(0, 16) + changed.toString('base64url'))).toBeUndefined();
    }
    expect(seal.open(sealed.slice(0, 20))).toBeUndefined();
    expect(seal.open('rtsp://admin@host/')).toBe('rtsp://admin@host/');
  });
});

describe('a server', () => {
  let locked: TestCamera;
  let app: TestApp;
  let id: string;
  const sql = async (text: string, values: unknown[] = []) => {
    const client = new pg.Client({ connectionString: app.config.databaseUrl! });
    await client.connect();
    return client.query(text, values).finally(() => client.end());
  };
  const stored = async (): Promise<string> =>
    (await sql('SELECT rtsp_url FROM cameras WHERE id = $1', [id])).rows[0].rtsp_url;
  /** Everything that a dump of the database contains. */
  const dump = async () => {
    const tables = await sql(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    const rows = [];
    for (const { name } of tables.rows) rows.push(...(await sql(`SELECT t::text FROM ${name} t`)).rows);
    return JSON.stringify(rows);
  };

  beforeAll(async () => {
    locked = await startTestCamera({ capture: await capture({ gopSec: 1 }), users: { admin: 'geheim' } });
    app = await startTestApp();
    id = await app.addCamera({ rtspUrl: locked.urlAs('admin', 'geheim') });
  });
  afterAll(async () => {
    await app.close();
    await locked.close();
  });

  test('seals the address of a new and of a changed camera, with a key in a file of its own', async () => {
    expect(await stored()).toMatch(/^sealed:/);
    const { updateCamera } = await app.client.run<{ updateCamera: { camera: { rtspUrl: string } } }>(
      'mutation($input: UpdateCameraInput!) { updateCamera(input: $input) { camera { rtspUrl } } }',
      { input: { id, rtspUrl: `${locked.urlAs('admin', 'geheim')}?password=geheim` } },
    );
    expect(updateCamera.camera.rtspUrl).toBe(`${locked.url}?password=***`);
    await app.awaitCamera(id, 'LIVE');
    expect(await dump()).not.toContain('geheim');
    const file = secretKeyFile(app.config.dataDir);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).toMatch(/^[\w-]{43}\n$/);
  });

  test('seals existing addresses at its start, and masks passwords that playbacks hold', async () => {
    const address = locked.urlAs('admin', 'geheim');
    await app.restart(async () => {
      await sql('UPDATE cameras SET rtsp_url = $2 WHERE id = $1', [id, address]);
      await sql(
        `INSERT INTO playbacks (id, camera_id, started_at, recording_status, stream_url)
         VALUES ('00000000-0000-7000-8000-000000000001', $1, now(), 'FAILED', $2)`,
        [id, `${locked.url}?user=admin&password=geheim`],
      );
      expect(await dump()).toContain('geheim');
    });
    expect(await stored()).toMatch(/^sealed:/);
    expect(await dump()).not.toContain('geheim');
    await app.awaitCamera(id, 'LIVE');
  });

  test('seals all addresses again with a rotated key, and forgets the old key', async () => {
    const before = await stored();
    const file = secretKeyFile(app.config.dataDir);
    const old = await readFile(file, 'utf8');
    const folder = path.join(app.config.dataDir, 'children-of-the-command');
    const children = await openChildren({ dir: folder, log: createLog('silent') });
    const run = (...args: string[]) =>
      children.run('secret', process.execPath, [program('src/secret.ts'), ...args], {
        env: {
          ...process.env,
          DATA_DIR: app.config.dataDir,
          DATABASE_URL: app.config.databaseUrl,
          SECRET_KEY: '',
        },
        timeoutMs: 20_000,
        maxOutputBytes: 65_536,
      });
    expect(await run('rotate')).toMatchObject({ code: 0 });
    expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(3);
    expect(await readFile(file, 'utf8')).toContain(old);
    await app.restart();
    const after = await stored();
    expect(after).toMatch(/^sealed:/);
    expect(after.slice(0, 15)).not.toBe(before.slice(0, 15));
    expect(await readFile(file, 'utf8')).toMatch(/^[\w-]{43}\n$/);
    expect(await readFile(file, 'utf8')).not.toBe(old);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await app.awaitCamera(id, 'LIVE');

    // The way back to a version that cannot read seals.
    await app.restart(async () => {
      expect(await run('open')).toMatchObject({ code: 0 });
      expect(await stored()).toBe(locked.urlAs('admin', 'geheim'));
    });
    expect((await run('no such thing')).code).toBe(1);
    await children.close();
  });

  test('that lacks the key reports it and works otherwise, and opens the addresses once it has the key', async () => {
    const file = secretKeyFile(app.config.dataDir);
    const key = await readFile(file, 'utf8');
    const before = await stored();
    await app.restart(() => writeFile(file, `${randomBytes(32).toString('base64url')}\n`));
    await app.awaitCamera(id, 'OFFLINE');
    const { camera } = await app.client.run<{ camera: { rtspUrl: string; lastError: string } }>(
      'query($id: ID!) { camera(id: $id) { rtspUrl lastError } }',
      { id },
    );
    expect(camera.lastError).toContain('Restore the key');
    expect(camera.rtspUrl).not.toContain(before.slice(16));
    expect(app.logged.join('\n')).toContain('sealed with a key that is not here');
    expect(await stored()).toBe(before);
    await app.restart(() => writeFile(file, key));
    await app.awaitCamera(id, 'LIVE');
  });

  test('refuses a file that contains no key, and uses SECRET_KEY instead', async () => {
    const key = randomBytes(32);
    expect(await readSecretKeys('/nowhere', [key.toString('base64')])).toEqual([key]);
    const file = secretKeyFile(app.config.dataDir);
    const held = await readFile(file, 'utf8');
    await writeFile(file, 'nonsense\n');
    await expect(addSecretKey(app.config.dataDir)).rejects.toThrow('Restore it from a backup');
    await writeFile(file, held);
  });
});
