// The official audits of GraphQL over HTTP, and the reference clients of the subscription protocols.
import { serverAudits } from 'graphql-http';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startTestApp, type TestApp } from '../support/app/app.ts';

let app: TestApp;
let cameraId: string;

beforeAll(async () => {
  app = await startTestApp();
  cameraId = await app.addCamera({ name: 'Yard', rtspUrl: 'rtsp://127.0.0.1:9/', preRollSec: 0 }, 'IDLE');
});
afterAll(() => app.close());

describe('GraphQL over HTTP', () => {
  const audits = serverAudits({ url: () => `${app.app.url}/graphql` });

  test('there are audits', () => expect(audits.length).toBeGreaterThan(60));

  for (const audit of audits) {
    test(`${audit.id} ${audit.name}`, async () => {
      const result = await audit.fn();
      expect(result, 'reason' in result ? result.reason : undefined).toMatchObject({ status: 'ok' });
    });
  }
});

const query = 'subscription { cameraStateChanged { id name } }';
const first = { data: { cameraStateChanged: { id: expect.any(String), name: 'Yard' } } };

test('graphql-transport-ws with graphql-ws', async () => {
  const client = createSocketClient({
    url: `${app.app.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
  });
  const results = client.iterate({ query });
  expect((await results.next()).value).toEqual(first);
  await results.return?.();
  expect((await client.iterate({ query: '{ cameras { id } }' }).next()).value).toEqual({
    data: { cameras: [{ id: cameraId }] },
  });
  await client.dispose();
});

test('GraphQL over SSE, distinct connections mode, with graphql-sse', async () => {
  const client = createSseClient({ url: `${app.app.url}/graphql` });
  const results = client.iterate({ query });
  expect((await results.next()).value).toEqual(first);
  await results.return?.();
  expect((await client.iterate({ query: '{ cameras { id } }' }).next()).value).toEqual({
    data: { cameras: [{ id: cameraId }] },
  });
  client.dispose();
});
