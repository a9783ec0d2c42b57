// playbackCounts counts the same playbacks as the list, for every filter and caller, each in its stretch of time.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { connectClient, type TestClient } from '../support/app/client.ts';
import { writePast } from '../support/database/history.ts';

const from = Date.parse('2026-03-10T00:00:00.000Z');
const hourMs = 3_600_000;
const types = ['MOTION', 'PERSON', 'VEHICLE'] as const;

let app: TestApp;
let door: string;
let yard: string;
let limited: TestClient;
let analytics: TestClient;

beforeAll(async () => {
  const keys = [
    { name: 'admin', role: 'ADMIN', secret: 'the-secret-of-the-admin' },
    { name: 'detector', role: 'ANALYTICS', secret: 'the-secret-of-the-detector' },
  ] as const;
  app = await startTestApp({ apiKeys: [...keys] });
  const settings = { rtspUrl: 'rtsp://127.0.0.1:9/none', enabled: false };
  door = await app.addCamera(settings, 'DISABLED');
  yard = await app.addCamera(settings, 'DISABLED');
  await writePast(
    app.config.databaseUrl!,
    Array.from({ length: 48 }, (_, i) => ({
      cameraId: i % 2 ? yard : door,
      startedAt: new Date(from + i * (hourMs / 2)),
      type: types[i % 3]!,
      failed: i % 8 === 7,
    })),
  );
  const { createApiKey } = await app.client.run<{ createApiKey: { secret: string } }>(
    'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }',
    { input: { name: 'limited', role: 'VIEWER', cameraIds: [yard] } },
  );
  limited = connectClient(app.app.url, createApiKey.secret);
  analytics = connectClient(app.app.url, keys[1].secret);
  await analytics.run('mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } } }', {
    input: { cameraId: door, type: 'MOTION', label: 'own postman' },
  });
  const { playbacks } = await app.client.run<{ playbacks: { items: { id: string }[] } }>(
    '{ playbacks(pageSize: 5) { items { id } } }',
  );
  const ids = playbacks.items.map(({ id }) => id);
  await app.client.run('mutation($ids: [ID!]!) { reviewPlaybacks(ids: $ids) { playbacks { id } } }', { ids });
  await app.client.run(
    'mutation($id: ID!) { protectPlayback(id: $id, reason: "evidence") { playback { id } } }',
    { id: ids[2] },
  );
});

afterAll(async () => {
  await limited.close();
  await analytics.close();
  await app.close();
});

interface Counts {
  cameraId: string;
  eventType: string | null;
  counts: number[];
}

const count = async (by: TestClient, variables: object) =>
  (
    await by.run<{ playbackCounts: Counts[] }>(
      `query($filter: PlaybackFilter, $from: DateTime!, $to: DateTime!, $buckets: Int) {
        playbackCounts(filter: $filter, from: $from, to: $to, buckets: $buckets) { cameraId eventType counts } }`,
      variables,
    )
  ).playbackCounts;

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

test('each playback is counted in the stretch in which it started, with its camera and type', async () => {
  const found = await count(app.client, {
    from: new Date(from),
    to: new Date(from + 12 * hourMs),
    buckets: 12,
  });
  // Each half hour one: MOTION at 0:00, PERSON at 0:30, VEHICLE at 1:00, and so on; even ones at the door.
  const of = (cameraId: string, type: string) =>
    found.find((it) => it.cameraId === cameraId && it.eventType === type)!.counts;
  expect(of(door, 'MOTION')).toEqual([1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0]);
  expect(of(yard, 'PERSON')).toEqual([1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0]);
  expect(of(door, 'VEHICLE')).toEqual([0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0]);
  expect(sum(found.flatMap(({ counts }) => counts))).toBe(24);
});

test('the counts of every filter add up to the total of the list', async () => {
  const filters: readonly object[] = [
    {},
    { cameraId: yard },
    { recordingStatus: ['FAILED'] },
    { eventType: ['PERSON', 'VEHICLE'] },
    { startedAfter: new Date(from + hourMs), startedBefore: new Date(from + 5 * hourMs) },
    { search: 'postman' },
    { search: 'nobody' },
    { search: '!' },
    { protected: true },
    { protected: false },
    { reviewed: true },
    { reviewed: false, cameraId: door },
  ];
  const stretch = { from: new Date(from), to: new Date(Date.now() + hourMs), buckets: 500 };
  const totals: number[] = [];
  for (const by of [app.client, limited, analytics])
    for (const filter of filters) {
      const counts = sum((await count(by, { filter, ...stretch })).flatMap((it) => it.counts));
      const { playbacks } = await by.run<{ playbacks: { total: number } }>(
        'query($filter: PlaybackFilter) { playbacks(filter: $filter) { total } }',
        { filter },
      );
      expect({ filter, counts }).toEqual({ filter, counts: playbacks.total });
      totals.push(counts);
    }
  expect(totals.slice(0, 2)).toEqual([49, 24]);
  expect([totals[filters.length], totals[2 * filters.length]]).toEqual([24, 1]);
});

test('stretches that cannot be counted are refused', async () => {
  const at = new Date(from);
  await expect(count(app.client, { from: at, to: at })).rejects.toThrow('Expected a time after `from`.');
  await expect(count(app.client, { from: at, to: new Date(), buckets: 501 })).rejects.toThrow(
    'Expected a whole number from 1 to 500.',
  );
});
