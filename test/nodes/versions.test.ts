// Two versions beside each other: an update goes from server to server while events are recorded. The newer version is this
// one with another number and another migration.
import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Release, thisRelease } from '../../src/db/migrate.ts';
import { readClip } from '../support/app/clip.ts';
import { awaitEnd, createEvent, endEvent } from '../support/app/playbacks.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { openNodes, type TestNodes } from './together.ts';

let nodes: TestNodes;
let camera: TestCamera;

beforeAll(async () => {
  nodes = await openNodes();
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
}, 60_000);
afterAll(async () => {
  await nodes.close();
  await camera.close();
});

/** A later release, with the migrations of an earlier one and one more. */
async function later(version: string, sql: string, earlier: Release = thisRelease): Promise<Release> {
  const migrations = path.join(nodes.dir, `migrations-${version}`);
  await cp(earlier.migrations, migrations, { recursive: true });
  const added = path.join(migrations, `2099010100000_${version.replaceAll('.', '_')}`);
  await mkdir(added, { recursive: true });
  await writeFile(path.join(added, 'migration.sql'), sql);
  return { version, migrations };
}

test('an older server works beside a newer one, waits when it is too old, and is waited for', async () => {
  const adds = await later('9.1.0', 'ALTER TABLE cameras ADD COLUMN later integer NOT NULL DEFAULT 7;');
  const demands = await later('9.2.0', `SELECT "flashback_demand_version"('9.1.0');`, adds);
  const versions = async () => {
    const { rows } = await nodes.sql.query(
      'SELECT id, version FROM nodes WHERE lease_until > clock_timestamp() ORDER BY id',
    );
    return rows.map(({ id, version }) => `${id} ${version}`);
  };
  let a = await nodes.start('a');
  const { id: cameraId } = await nodes.addCamera(a, camera.url);

  // The newer one adds a column while the older one records.
  const event = await createEvent(a.client, { cameraId });
  let b = await nodes.start('b', {}, adds);
  expect((await nodes.sql.query('SELECT later FROM cameras')).rows).toEqual([{ later: 7 }]);
  await endEvent(b.client, event.id);
  const playback = await awaitEnd(b.client, event);
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', endReason: 'ENDED', gaps: [] });
  await readClip(camera, playback, nodes.dir);
  // The older one starts again, beside the newer one and its database.
  await a.close();
  a = await nodes.start('a');
  expect(await versions()).toEqual(['a 0.2.0', 'b 9.1.0']);
  await nodes.awaitLive(a, cameraId);
  for (const { client } of [a, b]) {
    const again = await createEvent(client, { cameraId });
    await endEvent(client, again.id);
    expect((await awaitEnd(client, again)).recordingStatus).toBe('COMPLETED');
  }

  // One that needs more waits until the older one has ended.
  await b.close();
  const logged: string[] = [];
  const starting = nodes.start('b', {}, demands, logged);
  await until(() => logged.some((it) => it.includes('This server waits for that.')), 'it says that it waits');
  expect(logged.join('')).toContain(
    'it needs version 9.1.0 on all servers, and these run an older one: a (0.2.0)',
  );
  const meanwhile = await createEvent(a.client, { cameraId });
  expect(meanwhile.playback?.recordingStatus).toBe('RECORDING');
  await endEvent(a.client, meanwhile.id);
  await awaitEnd(a.client, meanwhile);
  await a.close();
  b = await starting;

  // From then on the older one waits, until it is the newer one.
  const refused: string[] = [];
  const tooOld = nodes.start('a', {}, thisRelease, refused);
  await until(
    () => refused.some((it) => it.includes('This server waits for that.')),
    'it says that it waits',
  );
  expect(refused.join('')).toContain('a newer version has used it. Start that version, or one newer still.');
  expect(await versions()).toEqual(['b 9.2.0']);
  await nodes.sql.query("UPDATE installation SET min_version = '0.2.0'");
  a = await tooOld;
  expect(await versions()).toEqual(['a 0.2.0', 'b 9.2.0']);
  // A server that works and becomes too old ends, instead of writing what others cannot read.
  await nodes.sql.query("UPDATE installation SET min_version = '9.2.0'");
  expect(await a.app.replaced).toContain('which this version cannot work with any more');
}, 90_000);
