// Places for recordings: no camera and no key can take them all.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Places } from '../../src/recording/places.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { connectClient, type TestClient } from '../support/app/client.ts';
import { createEvent, endEvent } from '../support/app/playbacks.ts';
import { until } from '../support/camera/reader.ts';

/** Takes places until one is refused. @returns how many were taken */
function takeAll(places: Places, cameraId: string, by: string, on: readonly string[]): number {
  for (let taken = 0; ; taken++) {
    try {
      places.take({ cameraId, by }, on);
    } catch (error) {
      expect(error).toMatchObject({ code: 'CAPACITY' });
      return taken;
    }
  }
}
const cameras = (count: number) => Array.from({ length: count }, (_, i) => `camera ${i}`);

describe('places', () => {
  test('of one camera leave one for the first recording of each other camera', () => {
    const on = cameras(100);
    const places = new Places(200);
    expect(takeAll(places, on[0]!, 'greedy', on)).toBe(51);
    for (const id of on.slice(1)) places.take({ cameraId: id, by: 'greedy' }, on);
    // What is not reserved for first recordings is shared.
    expect(takeAll(places, on[1]!, 'modest', on)).toBeGreaterThan(10);
  });

  test('cannot all be used by one key with overlapping recordings at all its cameras', () => {
    const on = cameras(10);
    const places = new Places(200);
    for (const id of on.slice(0, 8)) takeAll(places, id, 'greedy', on);
    for (const id of on.slice(0, 8)) takeAll(places, id, 'greedy', on);
    expect(takeAll(places, on[8]!, 'modest', on)).toBeGreaterThan(10);
    expect(takeAll(places, on[9]!, 'other', on)).toBeGreaterThan(10);
    expect(() => places.take({ cameraId: on[1]!, by: 'greedy' }, on)).toThrow('this key has');
  });

  test('are all for first recordings, of any key, if there are as many places as cameras', () => {
    const on = cameras(201);
    const places = new Places(200);
    for (const id of on.slice(0, 200)) places.take({ cameraId: id, by: 'one' }, on);
    expect(() => places.take({ cameraId: on[200]!, by: 'two' }, on)).toThrow('MAX_RECORDINGS is 200');
  });

  test('are returned, each only once', () => {
    const places = new Places(2);
    const place = places.take({ cameraId: 'a', by: 'x' }, ['a', 'b']);
    places.take({ cameraId: 'b', by: 'x' }, ['a', 'b']);
    place.release();
    place.release();
    expect(takeAll(places, 'a', 'x', ['a', 'b'])).toBe(1);
  });
});

test('after a restart, the shares of cameras and keys are known', async () => {
  const secret = 'greedy-0123456789abcdef';
  const admin = { name: 'admin', role: 'ADMIN' as const, secret: 'admin-0123456789abcdef' };
  const apiKeys = [admin, { name: 'greedy', role: 'ANALYTICS' as const, secret }];
  const app = await startTestApp({ maxRecordings: 8, apiKeys });
  const add = (name: string) =>
    app.addCamera({ name, rtspUrl: 'rtsp://127.0.0.1:9/none', preRollSec: 0 }, 'IDLE');
  const [one, two, three] = [await add('one'), await add('two'), await add('three')];
  const before = connectClient(app.app.url, secret);
  for (const cameraId of [one, one, one]) await createEvent(before, { cameraId });
  await createEvent(app.client, { cameraId: two });
  await before.close();
  await app.restart();
  const greedy = connectClient(app.app.url, secret);
  for (const cameraId of [two, three]) await createEvent(greedy, { cameraId });
  const creating = 'mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } } }';
  expect(await greedy.fail(creating, { input: { cameraId: three, type: 'MOTION' } })).toMatchObject({
    code: 'CAPACITY',
    message: expect.stringContaining('this key has 3 additional ones already'),
  });
  await greedy.close();
  await app.close();
});

describe('a key that reports events at one camera without end', () => {
  const key = (name: string) => `${name}-0123456789abcdef`;
  let app: TestApp;
  let greedy: TestClient;
  let modest: TestClient;
  beforeAll(async () => {
    app = await startTestApp({
      maxRecordings: 8,
      apiKeys: [
        { name: 'admin', role: 'ADMIN', secret: key('admin') },
        { name: 'greedy', role: 'ANALYTICS', secret: key('greedy') },
        { name: 'modest', role: 'ANALYTICS', secret: key('modest') },
      ],
    });
    greedy = connectClient(app.app.url, key('greedy'));
    modest = connectClient(app.app.url, key('modest'));
  });
  afterAll(async () => {
    await greedy.close();
    await modest.close();
    await app.close();
  });

  test('is refused while other cameras’ events are recorded, and gets places again when its own events end', async () => {
    const add = (name: string) =>
      app.addCamera({ name, rtspUrl: 'rtsp://127.0.0.1:9/none', preRollSec: 0 }, 'IDLE');
    const [one, two, three] = [await add('one'), await add('two'), await add('three')];
    const creating = 'mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } } }';
    const taken = [];
    for (let i = 0; i < 3; i++) taken.push(await createEvent(greedy, { cameraId: one }));
    const flood = { input: { cameraId: one, type: 'MOTION' } };
    for (let i = 0; i < 20; i++) {
      expect(await greedy.fail(creating, flood)).toMatchObject({
        code: 'CAPACITY',
        message: expect.stringContaining('this camera has 3 already'),
      });
    }
    for (const cameraId of [two, three, two]) {
      expect((await createEvent(modest, { cameraId })).playback?.recordingStatus).toBe('RECORDING');
    }
    for (const { id } of taken) await endEvent(greedy, id);
    await until(async () => {
      const { createEvent: made } = await greedy
        .run<{ createEvent: unknown }>(creating, flood)
        .catch(() => ({ createEvent: undefined }));
      return made !== undefined;
    }, 'there is a place again');
  });
});

test('a recording that cannot begin releases its place', async () => {
  const app = await startTestApp({ maxRecordings: 1 });
  const add = (name: string, enabled: boolean, state: string) =>
    app.addCamera({ name, rtspUrl: 'rtsp://127.0.0.1:9/none', preRollSec: 0, enabled }, state);
  const off = await add('off', false, 'DISABLED');
  const on = await add('on', true, 'IDLE');
  for (let i = 0; i < 2; i++) {
    const { playback } = await createEvent(app.client, { cameraId: off });
    expect(playback).toMatchObject({ recordingStatus: 'FAILED' });
  }
  expect((await createEvent(app.client, { cameraId: on })).playback?.recordingStatus).toBe('RECORDING');
  await app.close();
});
