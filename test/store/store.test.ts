import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { bufferBody, fileBody } from '../../src/store/body.ts';
import { createLocalStore } from '../../src/store/local.ts';
import { createS3Store, type S3StoreOptions } from '../../src/store/s3.ts';
import { type ObjectBody, type SentPart, type Store, UploadGone } from '../../src/store/store.ts';
import { certificate } from '../support/camera/certificates.ts';
import { type S3Server, startS3Server } from '../support/s3/s3-server.ts';

const mib = 1024 * 1024;
const footage = randomBytes(40 * mib);
const clip = (size: number) => bufferBody(footage.subarray(0, size));
const quick = { attempts: 3, connectMs: 1000, silenceMs: 1500 };

let dir: string;
let server: S3Server;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'flashback-store-'));
  server = await startS3Server();
});

afterAll(async () => {
  await server.close();
  await rm(dir, { recursive: true });
});

function bucketStore(options: Partial<S3StoreOptions> = {}, of: S3Server = server): Store {
  const store = createS3Store({ ...of, urlTtlSec: 60, patience: quick, ...options });
  onTestFinished(() => store.close());
  return store;
}

const named = (keys: readonly string[]) => keys.map((key) => ({ key }));

async function collect(body: ObjectBody, from = 0, to = body.size): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body.read(from, to)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function collectKeys(keys: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const key of keys) all.push(key);
  return all.sort();
}

const failure = (code: string, message: RegExp) => ({ code, message: expect.stringMatching(message) });

describe('a file body', () => {
  test('consists of the head and 30,000 ranges, readable from any position', async () => {
    const path = join(dir, 'spool');
    await writeFile(path, footage);
    const head = Buffer.from('the head');
    // Ranges of 0 to 1,200 bytes with gaps between them, like the payloads between the boxes of a spool.
    const ranges = Array.from({ length: 30_000 }, (_, i) => ({
      from: i * 1300,
      to: i * 1300 + (i % 13) * 100,
    }));
    const expected = Buffer.concat([head, ...ranges.map(({ from, to }) => footage.subarray(from, to))]);
    const body = fileBody({ head, path, ranges });

    expect(body.size).toBe(expected.length);
    expect((await collect(body)).equals(expected)).toBe(true);
    for (const [from, to] of [
      [0, 4],
      [4, 9],
      [8, 8],
      [8, 9],
      [500_000, 1_300_001],
      [body.size - 1, body.size],
    ]) {
      expect((await collect(body, from, to)).equals(expected.subarray(from, to))).toBe(true);
    }
  });

  test('throws an error that says where the file ends too early', async () => {
    const path = join(dir, 'short');
    await writeFile(path, 'only 18 bytes long');
    const body = fileBody({ head: Buffer.alloc(2), path, ranges: [{ from: 10, to: 30 }] });
    await expect(collect(body)).rejects.toThrow(/ends at byte 18; expected it to reach byte 30/);
  });
});

describe.each(['s3', 'local'] as const)('the %s store', (kind) => {
  let store: Store;
  const bytesOf = (key: string) => (kind === 's3' ? server.bytes(key) : readFile(join(dir, 'objects', key)));

  beforeEach(() => {
    store =
      kind === 's3'
        ? bucketStore()
        : createLocalStore({ dir: join(dir, 'objects'), baseUrl: () => 'http://flash' });
  });

  test.each([0, 1000, 10 * mib])('stores an object of %i bytes unchanged, and removes it', async (size) => {
    const key = `cameras/front/${size}.mp4`;
    expect(await store.stat(key)).toBeUndefined();
    await store.put(key, clip(size), 'video/mp4');
    const etag = expect.stringMatching(/^"[0-9a-f-]+"$/);
    expect(await store.stat(key)).toEqual({ size, contentType: 'video/mp4', etag });
    expect((await bytesOf(key)).equals(footage.subarray(0, size))).toBe(true);
    await store.remove(key);
    expect(await store.stat(key)).toBeUndefined();
    await store.remove(key);
  });

  test('gives an object’s bytes, and says if there is none', async () => {
    await store.put('read.mp4', clip(10 * mib), 'video/mp4');
    // A bucket's connection that is lost twice is continued.
    server.fail({ match: (op) => op === 'GetObject', times: 2, reset: 'midway' });
    const pieces: Buffer[] = [];
    for await (const piece of store.read('read.mp4')) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(footage.subarray(0, 10 * mib))).toBe(true);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(mib);
    const part = { from: 2 * mib + 1, to: 5 * mib };
    server.fail({ match: (op) => op === 'GetObject', times: 1, reset: 'midway' });
    const some: Buffer[] = [];
    for await (const piece of store.read('read.mp4', part)) some.push(piece);
    expect(Buffer.concat(some).equals(footage.subarray(part.from, part.to))).toBe(true);
    const none = async () => {
      for await (const _ of store.read('none.mp4'));
    };
    await expect(none()).rejects.toThrow(/could not give none.mp4|refused to give none.mp4/);
    if (kind === 's3') expect(server.log.filter(({ key }) => key === 'read.mp4')).toHaveLength(7);
  });

  test('lists its objects by prefix, and removes many at once', async () => {
    const keys = ['list/a/1.mp4', 'list/a/2.mp4', 'list/b.mp4'];
    for (const [i, key] of keys.entries()) await store.put(key, clip(10 + i), 'video/mp4');
    const held = async (prefix: string) => {
      const all = [];
      for await (const object of store.list(prefix)) all.push(object);
      return all.sort((a, b) => (a.key < b.key ? -1 : 1));
    };
    expect(await held('list/')).toEqual(keys.map((key, i) => ({ key, size: 10 + i })));
    expect(await held('list/a')).toHaveLength(2);
    expect(await store.removeAll(named([...keys, 'list/never-was.mp4']))).toEqual(new Map());
    expect(await held('list/')).toEqual([]);
  });

  test('replaces an object', async () => {
    await store.put('poster.jpg', clip(500), 'image/jpeg');
    await store.put('poster.jpg', clip(300), 'image/jpeg');
    expect(await store.stat('poster.jpg')).toMatchObject({ size: 300, contentType: 'image/jpeg' });
  });

  test.each([
    '../etc/passwd',
    'a/../b',
    '/a',
    'a//b',
    '',
    'a/',
    '.hidden',
    'a b',
    'ü.mp4',
    'a\\b',
    'x'.repeat(1025),
  ])('refuses the key "%s" in every method', async (key) => {
    const message = /is not a key/;
    await expect(store.put(key, clip(1), 'video/mp4')).rejects.toThrow(message);
    await expect(store.stat(key)).rejects.toThrow(message);
    await expect(store.remove(key)).rejects.toThrow(message);
    await expect(store.url(key)).rejects.toThrow(message);
    expect(() => store.address(key)).toThrow(message);
  });

  test('passes on an error of the body, and stores no object', async () => {
    const torn: ObjectBody = {
      size: 20 * mib,
      async *read() {
        yield footage.subarray(0, 100);
        throw new Error('the spool is torn');
      },
    };
    await expect(store.put('torn.mp4', torn, 'video/mp4')).rejects.toThrow('the spool is torn');
    expect(await store.stat('torn.mp4')).toBeUndefined();
    await store.removeAll(named(['torn.mp4']));
    expect(await collectKeys(store.listUnfinished())).toEqual([]);
  });

  test('refuses a body that yields fewer bytes than its size', async () => {
    const short: ObjectBody = { size: 1000, read: () => clip(999).read(0, 999) };
    await expect(store.put('short.mp4', short, 'video/mp4')).rejects.toThrow(/gave 999 bytes.*expected 1000/);
    expect(await store.stat('short.mp4')).toBeUndefined();
  });

  test('rejects an aborted put with the abort reason, and stores no object', async () => {
    const stop = new AbortController();
    const body: ObjectBody = {
      size: 40 * mib,
      async *read(from, to) {
        if (from >= 0) stop.abort(new Error('no longer wanted'));
        yield* clip(40 * mib).read(from, to);
      },
    };
    await expect(store.put('aborted.mp4', body, 'video/mp4', { signal: stop.signal })).rejects.toThrow(
      'no longer wanted',
    );
    expect(await store.stat('aborted.mp4')).toBeUndefined();
    await store.removeAll(named(['aborted.mp4']));
    expect(await collectKeys(store.listUnfinished())).toEqual([]);
  });

  test('passes several concurrent checks', () => Promise.all([store.check(), store.check(), store.check()]));
});

describe('the local store', () => {
  const local = (name: string) =>
    createLocalStore({ dir: join(dir, name), baseUrl: () => 'http://flash:4000' });

  test('makes addresses of this server', async () => {
    expect(local('x').address('a/b.mp4')).toBe('http://flash:4000/media/a/b.mp4');
    expect(await local('x').url('a/b.mp4')).toBe('http://flash:4000/media/a/b.mp4');
    expect(await local('x').downloadUrl('a/b.mp4', 'c d')).toBe(
      'http://flash:4000/media/a/b.mp4?download=c%20d',
    );
  });

  test('keeps the previous object when its replacement fails, and leaves no other file', async () => {
    await local('kept').put('a.mp4', clip(10), 'video/mp4');
    const torn: ObjectBody = { size: 9, read: () => clip(5).read(0, 5) };
    await expect(local('kept').put('a.mp4', torn, 'video/mp4')).rejects.toThrow();
    expect(await readdir(join(dir, 'kept'))).toEqual(['a.mp4']);
    expect((await readFile(join(dir, 'kept/a.mp4'))).length).toBe(10);
  });

  test('refuses a media type other than that of the extension', async () => {
    await expect(local('x').put('a.mp4', clip(1), 'image/jpeg')).rejects.toThrow(
      /its extension says video\/mp4/,
    );
  });

  test('fails with STORE_REFUSED if its folder is a file', async () => {
    await writeFile(join(dir, 'a-file'), '');
    const refused = failure('STORE_REFUSED', /could not store a.mp4 \((ENOTDIR|EEXIST)\)/);
    await expect(local('a-file').put('a.mp4', clip(1), 'video/mp4')).rejects.toMatchObject(refused);
    await expect(local('a-file').check()).rejects.toMatchObject({ code: 'STORE_REFUSED' });
  });

  test('names a full disk in its error, and removes the unfinished file', async ({ skip }) => {
    const mount = join(dir, 'small-disk');
    await mkdir(mount);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', mount]);
    if (mounted.status !== 0) skip('mounting a small disk is not allowed here');
    onTestFinished(() => void spawnSync('umount', [mount]));
    const full = failure('STORE_UNREACHABLE', /could not store a.mp4 \(its disk is full, ENOSPC\)/);
    await expect(local('small-disk').put('a.mp4', clip(2 * mib), 'video/mp4')).rejects.toMatchObject(full);
    expect(await readdir(mount)).toEqual([]);
  });
});

describe('the S3 store', () => {
  /** Records requests from now on. @returns gives them as "Operation status" */
  function recorded(): () => string[] {
    const start = server.log.length;
    return () =>
      server.log.slice(start).map(({ op, part, status }) => `${op}${part ? ` ${part}` : ''} ${status}`);
  }

  test('sends an object in one request', async () => {
    const operations = recorded();
    await bucketStore().put('one.mp4', clip(10 * mib), 'video/mp4');
    expect(operations()).toEqual(['PutObject 200', 'HeadObject 200']);
  });

  test('signs the bytes of an object over http, and leaves them to TLS over https', async () => {
    const secure = await startS3Server({ tls: certificate });
    onTestFinished(() => secure.close());
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    for (const each of [server, secure])
      await bucketStore({}, each).put('sealed.mp4', clip(1000), 'video/mp4');
    const declared = [server, secure].map(
      ({ log }) => log.findLast(({ op }) => op === 'PutObject')!.declared,
    );
    expect(declared).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), 'UNSIGNED-PAYLOAD']);
    expect((await secure.bytes('sealed.mp4')).equals(footage.subarray(0, 1000))).toBe(true);
  });

  test('takes the time from the bucket if this machine’s clock is wrong', async () => {
    const ahead = await startS3Server();
    onTestFinished(() => ahead.close());
    ahead.advanceClock(3_600_000);
    await bucketStore({}, ahead).put('late.mp4', clip(1000), 'video/mp4');
    expect(ahead.log.map(({ op, status }) => `${op} ${status}`).slice(0, 2)).toEqual([
      'PutObject 403',
      'PutObject 200',
    ]);
  });

  const part = (number: number) => footage.subarray((number - 1) * 5 * mib, number * 5 * mib);
  const begin = (store: Store, key: string) => store.uploads!.begin(key, 'video/mp4', 'installation-1', {});

  /** Sends these parts, in this order. */
  async function sendParts(store: Store, key: string, id: string, numbers: readonly number[]) {
    const sent = new Map<number, SentPart>();
    for (const number of numbers) {
      const etag = await store.uploads!.resume(key, id).sendPart(number, part(number), {});
      sent.set(number, { bytes: 5 * mib, etag });
    }
    return sent;
  }

  test('takes the parts of an upload in any order, from any process', async () => {
    const { id } = await begin(bucketStore(), 'parts.mp4');
    const sent = await sendParts(bucketStore(), 'parts.mp4', id, [2, 3, 1]);
    const other = bucketStore().uploads!.resume('parts.mp4', id);
    expect(new Map([...(await other.listParts())!].sort())).toEqual(new Map([...sent].sort()));
    await other.complete(sent, {});
    expect((await server.bytes('parts.mp4')).equals(footage.subarray(0, 15 * mib))).toBe(true);
    const { headers } = server.contents.object('parts.mp4');
    expect(headers).toMatchObject({
      'content-type': 'video/mp4',
      'x-amz-meta-flashback-installation': 'installation-1',
    });
  });

  test('tries an upload’s requests again after 503 answers, broken connections and silence', async () => {
    const operations = recorded();
    server.fail({ match: (op) => op === 'CreateMultipartUpload', times: 2, status: 503 });
    server.fail({ match: (op, _, part) => op === 'UploadPart' && part === 1, times: 1, reset: 'midway' });
    server.fail({ match: (op, _, part) => op === 'UploadPart' && part === 2, times: 1, stall: true });
    server.fail({ match: (op, _, part) => op === 'UploadPart' && part === 3, times: 2, status: 429 });
    server.fail({ match: (op) => op === 'CompleteMultipartUpload', times: 1, status: 500 });
    const store = bucketStore();
    const upload = await begin(store, 'shaky.mp4');
    await upload.complete(await sendParts(store, 'shaky.mp4', upload.id, [1, 2, 3]), {});
    expect((await server.bytes('shaky.mp4')).equals(footage.subarray(0, 15 * mib))).toBe(true);
    const tries = (prefix: string) => operations().filter((operation) => operation.startsWith(prefix)).length;
    expect(['CreateM', 'UploadPart 1', 'UploadPart 2', 'UploadPart 3', 'Complete'].map(tries)).toEqual([
      3, 2, 2, 3, 2,
    ]);
  });

  test('an upload may be completed twice; the second call gets the stored object', async () => {
    const store = bucketStore();
    const upload = await begin(store, 'lost-answer.mp4');
    const sent = await sendParts(store, 'lost-answer.mp4', upload.id, [1, 2]);
    server.fail({ match: (op) => op === 'CompleteMultipartUpload', times: 1, reset: 'after' });
    await upload.complete(sent, {});
    await bucketStore().uploads!.resume('lost-answer.mp4', upload.id).complete(sent, {});
    expect(server.contents.object('lost-answer.mp4').size).toBe(10 * mib);
  });

  test('reports that an upload is gone, or that it cannot be completed', async () => {
    const store = bucketStore();
    const upload = await begin(store, 'gone.mp4');
    const sent = await sendParts(store, 'gone.mp4', upload.id, [1, 2]);
    const other = new Map(sent).set(2, { bytes: 5 * mib, etag: '"0"' });
    await expect(upload.complete(other, {})).rejects.toThrow(UploadGone);
    await upload.abort();
    await upload.abort();
    await expect(upload.sendPart(3, part(3), {})).rejects.toThrow(UploadGone);
    await expect(upload.listParts()).rejects.toThrow(UploadGone);
    await expect(upload.complete(sent, {})).rejects.toThrow(UploadGone);
  });

  test('works without the right to list', async () => {
    const denied = { status: 403, code: 'AccessDenied', times: 1 };
    const store = bucketStore();
    const upload = await begin(store, 'unlisted.mp4');
    server.fail({ match: (op) => op === 'ListParts', ...denied });
    expect(await upload.listParts()).toBeUndefined();
    await upload.complete(await sendParts(store, 'unlisted.mp4', upload.id, [1, 2]), {});
    server.fail({ match: (op) => op === 'ListMultipartUploads', ...denied });
    await bucketStore().removeAll(named(['unlisted.mp4']));
    expect(await bucketStore().stat('unlisted.mp4')).toBeUndefined();
  });

  test('sends no faster than its limit', async () => {
    let sent = 0;
    const pace = async (bytes: number) => {
      sent += bytes;
    };
    const store = bucketStore();
    await store.put('slow.mp4', clip(mib), 'video/mp4', { pace });
    const upload = await begin(store, 'slow-parts.mp4');
    server.fail({ match: (op) => op === 'UploadPart', times: 1, reset: 'midway' });
    await upload.sendPart(1, part(1), { pace });
    await upload.abort();
    // The part is sent a second time; how much of it went the first time is the line's affair.
    expect(sent).toBeGreaterThan(6 * mib);
    expect(sent).toBeLessThanOrEqual(11 * mib);
    expect((await server.bytes('slow.mp4')).equals(footage.subarray(0, mib))).toBe(true);
  });

  test('aborts an upload by its id, without the right to list uploads', async () => {
    const { id: uploadId } = server.contents.begin('told.mp4', {});
    const other = server.contents.begin('told.mp4', {});
    server.fail({
      match: (op) => op === 'ListMultipartUploads',
      times: 1,
      status: 403,
      code: 'AccessDenied',
    });
    expect((await bucketStore().removeAll([{ key: 'told.mp4', uploadId }])).size).toBe(0);
    expect([...server.contents.uploads.keys()]).toEqual([other.id]);
    // Aborting an upload that does not exist is not an error.
    expect((await bucketStore().removeAll([{ key: 'told.mp4', uploadId }])).size).toBe(0);
    expect(server.contents.uploads.size).toBe(0);
  });

  test('removes all other objects if one is refused, and stops if the bucket does not answer', async () => {
    const keys = Array.from({ length: 30 }, (_, i) => `many/${i}.mp4`);
    for (const key of keys) await bucketStore().put(key, clip(10), 'video/mp4');
    const isLocked = (op: string, key: string) => op === 'DeleteObject' && key === 'many/3.mp4';
    server.fail({ match: isLocked, times: 1, status: 403, code: 'AccessDenied' });
    const left = await bucketStore().removeAll(named(keys));
    expect([...left]).toEqual([['many/3.mp4', expect.objectContaining({ code: 'STORE_REFUSED' })]]);
    expect(server.contents.objects.has('many/3.mp4')).toBe(true);
    expect(server.contents.objects.has('many/4.mp4')).toBe(false);

    const operations = recorded();
    const patience = { ...quick, attempts: 1 };
    server.fail({ match: (op) => op === 'DeleteObject', times: 8, status: 503 });
    const away = await bucketStore({ patience }).removeAll(named(keys));
    expect([...away.keys()].sort()).toEqual([...keys].sort());
    expect(operations()).toHaveLength(8);
    expect((await bucketStore().removeAll(named(keys))).size).toBe(0);
  });

  test('stops running requests when it is aborted', async () => {
    const operations = recorded();
    const stop = new AbortController();
    server.fail({ match: (op) => op === 'UploadPart', times: 1, stall: true });
    const upload = await begin(bucketStore({ patience: { ...quick, silenceMs: 20_000 } }), 'cut.mp4');
    const sending = expect(upload.sendPart(1, part(1), { signal: stop.signal })).rejects.toThrow('stop now');
    await expect.poll(() => operations().length).toBe(2);
    stop.abort(new Error('stop now'));
    await sending;
    expect(operations()).toHaveLength(2);
    await bucketStore().removeAll(named(['cut.mp4']));
    expect([...server.contents.uploads.values()].map(({ key }) => key)).toEqual([]);
  });

  test('fails with STORE_MISMATCH if the stored object has another size', async () => {
    server.fail({ match: (op) => op === 'HeadObject', times: 1, wrongSize: 999 });
    const mismatch = failure('STORE_MISMATCH', /holds 999 bytes under odd.mp4; expected 1000 bytes/);
    await expect(bucketStore().put('odd.mp4', clip(1000), 'video/mp4')).rejects.toMatchObject(mismatch);
  });

  test.each([
    { what: 'a bucket that is not there', options: { bucket: 'other' }, why: '404 NoSuchBucket' },
    { what: 'a wrong secret', options: { secretAccessKey: 'guessed' }, why: '403 SignatureDoesNotMatch' },
    { what: 'an unknown key id', options: { accessKeyId: 'guessed' }, why: '403 InvalidAccessKeyId' },
    { what: 'a wrong region', options: { region: 'moon-1' }, why: '400 AuthorizationHeaderMalformed' },
  ])('says that a person must act about $what', async ({ options, why }) => {
    const operations = recorded();
    const store = bucketStore(options);
    for (const size of [10, 9 * mib]) {
      const put = store.put('no.mp4', clip(size), 'video/mp4');
      await expect(put).rejects.toMatchObject(
        failure('STORE_REFUSED', new RegExp(`refused to store no.mp4 .${why}`)),
      );
      await expect(put).rejects.not.toThrow(/guessed|of-the-test/);
    }
    expect(operations()).toHaveLength(2);
    await expect(store.check()).rejects.toMatchObject({ code: 'STORE_REFUSED' });
  });

  test('is unreachable while the server is down, and afterwards retries as often as before', async () => {
    const lonely = await startS3Server();
    onTestFinished(() => lonely.close());
    const store = bucketStore({}, lonely);
    await lonely.offline();
    const unreachable = failure('STORE_UNREACHABLE', /could not store a.mp4 \(no answer: ECONNREFUSED\)/);
    const put = () => store.put('a.mp4', clip(10), 'video/mp4');
    // More failures than the SDK's own quota of retries allows.
    const puts = Array.from({ length: 40 }, () => expect(put()).rejects.toMatchObject(unreachable));
    await Promise.all([...puts, expect(store.check()).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })]);

    await lonely.online();
    lonely.fail({ match: (op) => op === 'PutObject', times: 2, status: 503 });
    await put();
    await store.check();
  });

  test('writes a test object on each check, and accepts one that a bucket rule locks', async () => {
    const operations = recorded();
    const store = bucketStore();
    await store.check();
    server.fail({
      match: (op) => op === 'PutObject',
      times: 2,
      status: 409,
      code: 'ObjectLockedByBucketPolicy',
    });
    await store.check();
    expect(operations()).toEqual(['PutObject 200', 'PutObject 409']);
    // The same holds for a clip that the first try stored but whose answer was lost.
    await expect(store.put('flashback-check', clip(2), 'text/plain')).resolves.toBeUndefined();
  });

  test('presigns links, which expire, if the bucket has no public address', async () => {
    const own = await startS3Server();
    onTestFinished(() => own.close());
    const store = bucketStore({}, own);
    await store.put('a/b.mp4', clip(1000), 'video/mp4');
    const url = await store.url('a/b.mp4');
    const part = await fetch(url, { headers: { range: 'bytes=10-19' } });
    expect([part.status, part.headers.get('content-type')]).toEqual([206, 'video/mp4']);
    expect(Buffer.from(await part.arrayBuffer()).equals(footage.subarray(10, 20))).toBe(true);

    const saved = await fetch(await store.downloadUrl('a/b.mp4', 'c.mp4'));
    expect(saved.headers.get('content-disposition')).toBe('attachment; filename="c.mp4"');
    expect(Buffer.from(await saved.arrayBuffer()).equals(footage.subarray(0, 1000))).toBe(true);

    expect((await fetch(url.replace('a/b.mp4', 'a/c.mp4'))).status).toBe(403);
    expect(store.address('a/b.mp4')).toBe(`${own.endpoint}/clips/a/b.mp4`);
    expect((await fetch(store.address('a/b.mp4'))).status).toBe(403);
    own.advanceClock(61_000);
    expect((await fetch(url)).status).toBe(403);
  });

  test('makes unsigned links if the bucket has a public address', async () => {
    const store = bucketStore({ publicUrl: 'https://clips.example.org/' });
    expect(await store.url('a/b.mp4')).toBe('https://clips.example.org/a/b.mp4');
    expect(store.address('a/b.mp4')).toBe('https://clips.example.org/a/b.mp4');
  });
});
