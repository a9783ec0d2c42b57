// `search` finds words of an event's label, description and metadata, in lists of events and of playbacks.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';

let app: TestApp;

const events = [
  { type: 'PERSON', label: 'Postman', description: 'Rings at the front door, twice.' },
  {
    type: 'VEHICLE',
    label: 'van',
    metadata: { plate: 'HN-30A 12345', seen: { by: 'Front-Gate' }, score: 0.93 },
  },
  { type: 'MOTION', label: 'Cửa trước', description: null },
  { type: 'MOTION' },
] as const;

beforeAll(async () => {
  app = await startTestApp();
  const cameraId = await app.addCamera(
    { rtspUrl: 'rtsp://127.0.0.1:9/', enabled: false, recordOn: ['PERSON', 'VEHICLE', 'MOTION'] },
    'DISABLED',
  );
  for (const event of events)
    await app.client.run(
      'mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } } }',
      {
        input: { cameraId, ...event },
      },
    );
});

afterAll(() => app.close());

async function found(search: string, filter: object = {}): Promise<string[]> {
  const { events, playbacks, playbackConnection } = await app.client.run<{
    events: { totalCount: number; nodes: { type: string }[] };
    playbacks: { total: number; items: { event: { type: string } }[] };
    playbackConnection: { totalCount: number };
  }>(
    `query($events: EventFilter, $playbacks: PlaybackFilter) {
      events(filter: $events) { totalCount nodes { type } }
      playbacks(filter: $playbacks) { total items { event { type } } }
      playbackConnection(filter: $playbacks) { totalCount }
    }`,
    { events: { search, ...filter }, playbacks: { search } },
  );
  const types = events.nodes.map(({ type }) => type);
  expect(events.totalCount).toBe(types.length);
  if (Object.keys(filter).length === 0) {
    expect(playbacks.items.map(({ event }) => event.type)).toEqual(types);
    expect([playbacks.total, playbackConnection.totalCount]).toEqual([types.length, types.length]);
  }
  return types;
}

describe('search', () => {
  test.each([
    ['postman', ['PERSON']],
    ['door FRONT', ['PERSON']],
    ['front', ['VEHICLE', 'PERSON']],
    ['12345', ['VEHICLE']],
    ['0.93', ['VEHICLE']],
    ['trước cửa', ['MOTION']],
    ['postman van', []],
    ["'; DROP & | !", []],
  ])('%s finds %s', async (text, types) => {
    expect(await found(text)).toEqual(types);
  });

  test('combines with the other conditions of a filter', async () => {
    expect(await found('front', { type: ['PERSON', 'MOTION'] })).toEqual(['PERSON']);
  });

  test('is refused in subscriptions', async () => {
    const followed = app.client.subscribe(
      'subscription { playbackStatusChanged(filter: { search: "x" }) { at } }',
    );
    await expect(followed.until(() => true)).rejects.toThrow('Lists can be searched; transitions cannot.');
  });
});
