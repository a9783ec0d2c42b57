// The documented client for an analytics service (docs/client.md) against a real server.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectAnalytics } from '../../src/demo/analytics.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';

const secret = 'analytics-0123456789abcdef';
let app: TestApp;

beforeAll(async () => {
  app = await startTestApp({
    apiKeys: [
      { name: 'admin', role: 'ADMIN', secret: 'admin-0123456789abcdef' },
      { name: 'analytics', role: 'ANALYTICS', secret },
    ],
  });
});

afterAll(() => app.close());

test('the client reports, renews and ends an event, and retries failed calls with the same key', async () => {
  const cameraId = await app.addCamera(
    { name: 'Gate', rtspUrl: 'rtsp://127.0.0.1:9/', preRollSec: 0 },
    'IDLE',
  );
  const client = connectAnalytics(app.app.url, secret);

  // The first answer is lost. The event exists nevertheless, and must not exist twice.
  const { fetch } = globalThis;
  let lost = 0;
  globalThis.fetch = async (...args) => {
    const response = await fetch(...args);
    if (lost++ === 0) throw new TypeError('fetch failed');
    return response;
  };
  const input = { cameraId, type: 'PERSON' as const, idempotencyKey: 'track 4711', leaseSec: 60 };
  const event = await client.begin(input).finally(() => {
    globalThis.fetch = fetch;
  });
  expect(lost).toBe(2);
  const renewed = await client.renew(event.id, 120);
  expect(Date.parse(renewed.leaseExpiresAt!)).toBeGreaterThan(Date.parse(event.leaseExpiresAt!));
  expect(Date.parse((await client.end(event.id)).endedAt!)).toBeGreaterThan(0);
  expect(await app.client.run('{ events { totalCount } }')).toEqual({ events: { totalCount: 1 } });

  // Errors that a retry cannot mend are not retried.
  await expect(client.begin({ ...input, idempotencyKey: 'other', leaseSec: 0 })).rejects.toThrow('leaseSec');
});
