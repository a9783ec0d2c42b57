// What callers without a key and foreign web pages can see and do.
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';

const key = 'admin-0123456789abcdef';
const authorization = `Bearer ${key}`;

let keyed: TestApp;
let open: TestApp;

beforeAll(async () => {
  keyed = await startTestApp({ apiKeys: [{ name: 'admin', role: 'ADMIN', secret: key }] });
  open = await startTestApp();
});
afterAll(async () => {
  await keyed.close();
  await open.close();
});

interface Answered {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** Not fetch, which sets Host and decompresses by itself. */
async function ask(
  app: TestApp,
  path: string,
  { method = 'GET', headers = {}, body = '' }: { method?: string; headers?: object; body?: string } = {},
): Promise<Answered> {
  const { port, hostname } = new URL(app.app.url);
  const request = httpRequest({ host: hostname, port, path, method, headers: { ...headers } }).end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  return { status: response.statusCode!, headers: response.headers, body: Buffer.concat(pieces) };
}

const html = { accept: 'text/html' };
const json = { 'content-type': 'application/json' };
const query = (text: string) => ({ method: 'POST', body: JSON.stringify({ query: text }) });

describe('GraphiQL', () => {
  test('is off when keys exist, unless GRAPHIQL switches it on; its page then names no camera', async () => {
    const id = await keyed.addCamera({ rtspUrl: 'rtsp://127.0.0.1:9/', preRollSec: 0 }, 'IDLE');
    expect((await ask(keyed, '/graphql', { headers: html })).body.toString()).not.toContain('GraphiQL');
    const switchedOn = await startTestApp({ apiKeys: keyed.config.apiKeys, graphiql: true });
    await switchedOn.addCamera({ rtspUrl: 'rtsp://127.0.0.1:9/', preRollSec: 0 }, 'IDLE');
    const page = (await ask(switchedOn, '/graphql', { headers: html })).body.toString();
    await switchedOn.close();
    expect(page).toContain('GraphiQL');
    expect(page).toContain('subscription Watch');
    const names = [...page.matchAll(/cameraId: \\"([0-9a-f-]{36})\\"/g)].map((match) => match[1]);
    expect(names).toEqual(['00000000-0000-0000-0000-000000000000']);
    expect(page).not.toContain(id);
  });

  test('is compressed, and not sent again to a browser that has it', async () => {
    const plain = await ask(open, '/graphql', { headers: html });
    const zipped = await ask(open, '/graphql', { headers: { ...html, 'accept-encoding': 'gzip' } });
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(zipped.body.length).toBeLessThan(plain.body.length / 3);
    expect(gunzipSync(zipped.body).equals(plain.body)).toBe(true);
    const again = await ask(open, '/graphql', { headers: { ...html, 'if-none-match': plain.headers.etag } });
    expect([again.status, again.body.length]).toEqual([304, 0]);
  });
});

test('GraphQL answers are compressed for clients that accept it', async () => {
  const text = '{ __schema { types { name description } } }';
  const [plain, zipped] = [
    await ask(open, '/graphql', { ...query(text), headers: json }),
    await ask(open, '/graphql', { ...query(text), headers: { ...json, 'accept-encoding': 'br, gzip' } }),
  ];
  expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
  expect(zipped.body.length).toBeLessThan(plain.body.length / 2);
  expect(gunzipSync(zipped.body).equals(plain.body)).toBe(true);
  const refused = await ask(open, '/graphql', {
    ...query(text),
    headers: { ...json, 'accept-encoding': 'gzip;q=0' },
  });
  expect(refused.headers).not.toHaveProperty('content-encoding');
});

test.each(['/', '/graphql', '/readyz', '/metrics', '/media/x', '/live/x', '/snapshots/x', '/nothing'])(
  'no page may show %s in a frame',
  async (path) => {
    const { headers } = await ask(open, path, { headers: html });
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['content-security-policy']).toContain("default-src '");
    expect(headers).toMatchObject({
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
    });
  },
);

describe('without keys, behind a proxy on this machine', () => {
  const forwarded: Record<string, string>[] = [
    { 'x-forwarded-for': '203.0.113.7' },
    { 'x-forwarded-for': '127.0.0.1' },
    { forwarded: 'for=203.0.113.7' },
    { via: '1.1 proxy' },
    { 'x-real-ip': '203.0.113.7' },
    { 'x-forwarded-proto': 'https' },
  ];

  test.each(forwarded)('a request with %o is refused', async (headers) => {
    const answer = await ask(open, '/graphql', {
      ...query('{ me { role } }'),
      headers: { ...json, ...headers },
    });
    expect(answer.status).toBe(403);
    expect(answer.body.toString()).toContain('TRUSTED_PROXIES');
    expect((await ask(open, '/', { headers })).status).toBe(403);
  });

  test('a trusted proxy lets in only requests from this machine', async () => {
    const proxied = await startTestApp({ trustedProxies: ['loopback'] });
    const roleOf = async (headers: object) => {
      const asked = { ...query('{ me { role } }'), headers: { ...json, ...headers } };
      const { status, body } = await ask(proxied, '/graphql', asked);
      return status === 200 ? JSON.parse(body.toString()).data.me.role : status;
    };
    expect(await roleOf({})).toBe('ADMIN');
    expect(await roleOf({ 'x-forwarded-for': '127.0.0.1' })).toBe('ADMIN');
    expect(await roleOf({ 'x-forwarded-for': '203.0.113.7' })).toBe(403);
    expect(await roleOf({ 'x-forwarded-for': '127.0.0.1, 203.0.113.7' })).toBe(403);
    expect(await roleOf({ 'x-forwarded-for': 'nobody' })).toBe(403);
    expect(await roleOf({ forwarded: 'for=127.0.0.1' })).toBe(403);
    await proxied.close();
  });

  test('with keys, any proxy is allowed', async () => {
    const asked = {
      ...query('{ me { role } }'),
      headers: { ...json, authorization, 'x-forwarded-for': '203.0.113.7' },
    };
    expect((await ask(keyed, '/graphql', asked)).status).toBe(200);
  });
});

describe('/readyz', () => {
  test('tells the reason to this machine and to callers with a key, from one shared check', async () => {
    const endpoint = 'http://127.0.0.1:9/secret-place';
    const r2 = {
      endpoint: new URL(endpoint).origin,
      bucket: 'secret-bucket',
      accessKeyId: 'x',
      secretAccessKey: 'x'.repeat(20),
      region: 'auto',
      urlTtlSec: 60,
    };
    const unready = await startTestApp({ apiKeys: keyed.config.apiKeys, trustedProxies: ['loopback'], r2 });
    const elsewhere = { 'x-forwarded-for': '203.0.113.7' };
    const stranger = await ask(unready, '/readyz', { headers: elsewhere });
    expect([stranger.status, stranger.body.toString()]).toEqual([503, 'not ready\n']);
    const known = await ask(unready, '/readyz', { headers: { ...elsewhere, authorization } });
    expect(known.status).toBe(503);
    expect(known.body.toString()).toContain('secret-bucket');
    expect((await ask(unready, '/readyz')).body.toString()).toContain('secret-bucket');
    await unready.close();
  });
});

describe('a malformed request', () => {
  const stack = /\bat .*:\d+:\d+|node_modules|src\/|file:\/\//;

  test.each(['x:99999', 'a b', 'user@127.0.0.1', '127.0.0.1/x', '[::1', '127.0.0.1:x'])(
    'with the Host %s is refused with a message on every route',
    async (host) => {
      for (const path of ['/graphql', '/', '/media/x?download=1', '/readyz', '/live/x']) {
        for (const method of ['OPTIONS', 'GET', 'POST']) {
          const answer = await ask(keyed, path, { method, headers: { host, ...json } });
          expect(answer.status, `${method} ${path}`).toBe(400);
          expect(answer.body.toString()).not.toMatch(stack);
        }
      }
    },
  );

  test.each([
    'OPTIONS * HTTP/1.1',
    'OPTIONS http://x:99999/graphql HTTP/1.1',
    'GET //x:99999/graphql HTTP/1.1',
    'GET /graphql?query=%zz HTTP/1.1',
    'GET /graphql?query={me{name}}&variables={ HTTP/1.1',
    'GET /graphql?query={me{name}}&extensions=[ HTTP/1.1',
    'DELETE /graphql HTTP/1.1',
    'GET /media//x:99999/?download=1 HTTP/1.1',
    'GET /%E0%A4%A HTTP/1.1',
  ])('%s gets an answer without a stack', async (line) => {
    const socket = connect(Number(new URL(keyed.app.url).port), '127.0.0.1');
    socket.write(
      `${line}\r\nhost: localhost\r\nauthorization: ${authorization}\r\nconnection: close\r\n\r\n`,
    );
    const pieces: Buffer[] = [];
    for await (const piece of socket) pieces.push(piece as Buffer);
    const answer = Buffer.concat(pieces).toString();
    expect(answer).toMatch(/^HTTP\/1\.1 [24]\d\d /);
    expect(answer).not.toContain('INTERNAL_SERVER_ERROR');
    expect(answer).not.toMatch(stack);
  });
});
