import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readlink, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bufferBody } from '../../src/store/body.ts';
import { createLocalStore } from '../../src/store/local.ts';
import { serveLocal } from '../../src/store/serve-local.ts';

const content = Buffer.from('0123456789');
const modifiedAt = new Date('2026-03-01T10:00:00.700Z');
const modifiedHttp = 'Sun, 01 Mar 2026 10:00:00 GMT';

let dir: string;
let http: Server;
let base: string;
let etag: string;
const failures: unknown[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'flashback-serve-'));
  const media = join(dir, 'media');
  const serve = serveLocal(media);
  http = createServer((req, res) => {
    const key = decodeURIComponent(req.url!.replace(/^\/media\//, '').replace(/\?.*/, ''));
    serve(req, res, key).catch((error: unknown) => failures.push(error));
  }).listen(0, '127.0.0.1');
  await once(http, 'listening');
  base = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

  const store = createLocalStore({ dir: media, baseUrl: () => base });
  await store.put('cam/clip.mp4', bufferBody(content), 'video/mp4');
  await store.put('cam/empty.mp4', bufferBody(Buffer.alloc(0)), 'video/mp4');
  await store.put('poster.jpg', bufferBody(content), 'image/jpeg');
  await store.put('long.mp4', bufferBody(randomBytes(30 * 1024 * 1024)), 'video/mp4');
  await utimes(join(media, 'cam/clip.mp4'), modifiedAt, modifiedAt);
  etag = (await store.stat('cam/clip.mp4'))!.etag;

  await writeFile(join(dir, 'secret'), 'not for the world');
  await writeFile(join(media, '.unfinished.part'), 'not yet');
  await mkdir(join(media, 'folder.mp4'));
});

afterAll(async () => {
  http.closeAllConnections();
  http.close();
  await rm(dir, { recursive: true });
  expect(failures).toEqual([]);
});

const clip = (headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${base}/media/cam/clip.mp4`, { headers, method });

describe('a range of ten bytes (RFC 9110 §14)', () => {
  test.each([
    { range: 'bytes=0-0', status: 206, body: '0', contentRange: 'bytes 0-0/10' },
    { range: 'bytes=2-5', status: 206, body: '2345', contentRange: 'bytes 2-5/10' },
    { range: 'bytes=7-', status: 206, body: '789', contentRange: 'bytes 7-9/10' },
    { range: 'bytes=5-99', status: 206, body: '56789', contentRange: 'bytes 5-9/10' },
    { range: 'bytes=-3', status: 206, body: '789', contentRange: 'bytes 7-9/10' },
    { range: 'bytes=-99', status: 206, body: '0123456789', contentRange: 'bytes 0-9/10' },
    { range: 'BYTES=0-1', status: 206, body: '01', contentRange: 'bytes 0-1/10' },
    { range: 'bytes=10-', status: 416, contentRange: 'bytes */10' },
    { range: 'bytes=10-12', status: 416, contentRange: 'bytes */10' },
    { range: 'bytes=-0', status: 416, contentRange: 'bytes */10' },
    { range: 'bytes=5-2', status: 200, body: '0123456789' },
    { range: 'bytes=a-b', status: 200, body: '0123456789' },
    { range: 'bytes=-', status: 200, body: '0123456789' },
    { range: 'bytes', status: 200, body: '0123456789' },
    { range: 'seconds=1-2', status: 200, body: '0123456789' },
    { range: 'bytes=0-1,4-5', status: 200, body: '0123456789' },
  ])('$range is answered $status $contentRange', async ({ range, status, body, contentRange }) => {
    const answer = await clip({ range });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-range')).toBe(contentRange ?? null);
    const text = await answer.text();
    if (body !== undefined) {
      expect(text).toBe(body);
      expect(answer.headers.get('content-length')).toBe(String(body.length));
      expect(answer.headers.get('content-type')).toBe('video/mp4');
    }
  });

  test.each([
    { range: 'bytes=0-', status: 416 },
    { range: 'bytes=-5', status: 200 },
  ])('of an empty object, $range is answered $status', async ({ range, status }) => {
    const answer = await fetch(`${base}/media/cam/empty.mp4`, { headers: { range } });
    expect(answer.status).toBe(status);
  });

  test.each([
    { of: 'the ETag', ifRange: () => etag, status: 206 },
    { of: 'another ETag', ifRange: () => '"other"', status: 200 },
    { of: 'the ETag, weak', ifRange: () => `W/${etag}`, status: 200 },
    { of: 'the date', ifRange: () => modifiedHttp, status: 206 },
    { of: 'a later date', ifRange: () => 'Sun, 01 Mar 2026 10:00:01 GMT', status: 200 },
  ])('with If-Range of $of is answered $status', async ({ ifRange, status }) => {
    expect((await clip({ range: 'bytes=0-1', 'if-range': ifRange() })).status).toBe(status);
  });
});

describe('an answer', () => {
  test('has the headers that players and browsers need', async () => {
    const { status, headers } = await clip();
    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toMatchObject({
      'accept-ranges': 'bytes',
      'cache-control': 'private, max-age=31536000, immutable',
      'content-length': '10',
      'content-type': 'video/mp4',
      etag,
      'last-modified': modifiedHttp,
      'x-content-type-options': 'nosniff',
    });
    expect(headers.has('content-disposition')).toBe(false);
    expect((await fetch(`${base}/media/poster.jpg`)).headers.get('content-type')).toBe('image/jpeg');
  });

  test('to HEAD has the headers of the whole object and no body', async () => {
    const answer = await clip({ range: 'bytes=0-1' }, 'HEAD');
    expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([
      200,
      '10',
      '',
    ]);
  });

  test('makes browsers save the object under the name that it has if the link asks for a download', async () => {
    const { headers } = await fetch(`${base}/media/cam/clip.mp4?download=c%E1%BB%ADa%22.mp4`);
    expect(headers.get('content-disposition')).toBe(
      `attachment; filename="cua_.mp4"; filename*=UTF-8''c%E1%BB%ADa_.mp4`,
    );
  });

  test.each([
    { condition: 'If-None-Match: the ETag', headers: () => ({ 'if-none-match': etag }), status: 304 },
    { condition: 'one of several', headers: () => ({ 'if-none-match': `"a", W/${etag}` }), status: 304 },
    { condition: 'any', headers: () => ({ 'if-none-match': '*' }), status: 304 },
    { condition: 'another ETag', headers: () => ({ 'if-none-match': '"a"' }), status: 200 },
    { condition: 'not since its date', headers: () => ({ 'if-modified-since': modifiedHttp }), status: 304 },
    {
      condition: 'since an earlier date',
      headers: () => ({ 'if-modified-since': 'Sun, 01 Mar 2026 09:59:59 GMT' }),
      status: 200,
    },
    { condition: 'no date', headers: () => ({ 'if-modified-since': 'yesterday' }), status: 200 },
    {
      condition: 'another ETag, whatever the date',
      headers: () => ({ 'if-none-match': '"a"', 'if-modified-since': modifiedHttp }),
      status: 200,
    },
    {
      condition: 'the ETag, whatever the range',
      headers: () => ({ 'if-none-match': etag, range: 'bytes=99-' }),
      status: 304,
    },
  ])('on the condition $condition is $status', async ({ headers, status }) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await clip(headers(), method);
      expect(answer.status).toBe(status);
      expect(answer.headers.get('etag')).toBe(etag);
      if (status === 304) expect(answer.headers.has('content-length')).toBe(false);
    }
  });

  test('to another method names the allowed methods', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await clip({}, method);
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    }
  });
});

test.each([
  'none.mp4',
  'cam',
  'folder.mp4',
  'cam/clip.mp4/x',
  '../secret',
  '%2e%2e%2fsecret',
  'cam/../../secret',
  'cam%2f..%2f..%2fsecret',
  '%2Fetc%2Fpasswd',
  'poster.jpg%00',
  '.unfinished.part',
  '',
])('"%s" is not found', async (path) => {
  // node:http sends the path unchanged; fetch would resolve the dots.
  const request = get(`${base}/`, { path: `/media/${path}` });
  const [answer] = await once(request, 'response');
  answer.resume();
  expect(answer.statusCode).toBe(404);
});

test.skipIf(process.platform !== 'linux')('the file is closed when the client leaves', async () => {
  async function openFiles(): Promise<number> {
    const descriptors = await readdir('/proc/self/fd');
    const targets = await Promise.all(
      descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
    );
    return targets.filter((target) => target.startsWith(dir)).length;
  }
  for (let i = 0; i < 5; i++) {
    const request = get(`${base}/media/long.mp4`, { agent: false });
    const [answer] = await once(request, 'response');
    await once(answer, 'data');
    expect(await openFiles()).toBe(1);
    request.destroy();
    await expect.poll(openFiles).toBe(0);
  }
});
