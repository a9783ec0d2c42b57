// Limits that hold over all nodes of a database.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Answer } from '../support/app/client.ts';
import { recordStatements } from '../support/database/statements.ts';
import { openNodes, type TestNode, type TestNodes } from './together.ts';

let nodes: TestNodes;
let all: TestNode[];
let cameraId: string;

beforeAll(async () => {
  nodes = await openNodes();
  // Ten at once, then one a second.
  const rate = { EVENTS_PER_MINUTE: '60' };
  all = [await nodes.start('a', rate), await nodes.start('b', rate)];
  const { createCamera } = await all[0]!.client.run<{ createCamera: { camera: { id: string } } }>(
    'mutation($input: CreateCameraInput!) { createCamera(input: $input) { camera { id } } }',
    { input: { name: 'Camera', rtspUrl: 'rtsp://127.0.0.1:9/', preRollSec: 0, recordOn: ['MOTION'] } },
  );
  cameraId = createCamera.camera.id;
}, 60_000);
afterAll(() => nodes.close());

const report = (node: TestNode, type: string) =>
  node.client.ask<{ createEvent: object }>(
    `mutation { createEvent(input: { cameraId: "${cameraId}", type: ${type} }) { event { id } } }`,
  );
const codes = (answers: readonly Answer<unknown>[]) =>
  answers.map(({ errors }) => errors?.[0]?.extensions['code'] as string | undefined);
const accepted = (answers: readonly Answer<unknown>[]) =>
  codes(answers).filter((it) => it === undefined).length;
const countOf = async (table: string) =>
  (await nodes.sql.query(`SELECT count(*)::int AS count FROM ${table}`)).rows[0].count;

test('a key that reports to two nodes gets its rate once, and a refused event leaves nothing behind', async () => {
  const [a, b] = all as [TestNode, TestNode];
  const from = performance.now();
  // Recorded and not recorded ones, at the owner of the camera and at the other node.
  const answers = await Promise.all(
    Array.from({ length: 9 }, () => [
      report(a, 'MOTION'),
      report(b, 'MOTION'),
      report(a, 'OTHER'),
      report(b, 'OTHER'),
    ]).flat(),
  );
  const sec = (performance.now() - from) / 1_000;
  expect(accepted(answers)).toBeGreaterThanOrEqual(10);
  expect(accepted(answers)).toBeLessThanOrEqual(11 + sec);
  expect(new Set(codes(answers))).toEqual(new Set([undefined, 'RATE_LIMITED']));
  expect(await countOf('events')).toBe(accepted(answers));
  const refused = answers.find(({ errors }) => errors)!.errors![0]!;
  expect(refused.extensions['retryAfterMs']).toBeGreaterThan(0);

  // A node whose key was refused asks the database for nothing until there is room again.
  const statements = recordStatements(a.config.databaseUrl!);
  const again = await Promise.all([
    report(a, 'OTHER'),
    report(b, 'OTHER'),
    report(a, 'OTHER'),
    report(b, 'OTHER'),
  ]);
  const asked = statements.take().filter((text) => text.includes('INSERT INTO events'));
  statements.stop();
  expect(accepted(again)).toBeLessThanOrEqual(1);
  expect(asked.length).toBeLessThanOrEqual(1);

  // The spools of refused recordings are gone, and none of them is running.
  const { rows } = await nodes.sql.query(
    "SELECT count(*)::int AS count FROM playbacks WHERE recording_status = 'RECORDING'",
  );
  const { nodes: reports } = await a.client.run<{ nodes: { recordings: number }[] }>(
    '{ nodes { recordings } }',
  );
  expect(reports.reduce((sum, { recordings }) => sum + recordings, 0)).toBe(rows[0].count);
});
