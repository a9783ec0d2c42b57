// Limits in bytes: of answers in progress, of what stays in memory, and of messages before authentication.
import { once } from 'node:events';
import { parse } from 'graphql';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { documentCaches } from '../../src/http/document-cache.ts';
import { FairLimit } from '../../src/http/fair-limit.ts';
import { holdSubscriptions } from '../../src/http/held-subscriptions.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';

const key = 'admin-0123456789abcdef';
const metadataBytes = 64_000;

let app: TestApp;
let cameraId: string;

beforeAll(async () => {
  app = await startTestApp({ apiKeys: [{ name: 'admin', role: 'ADMIN', secret: key }] });
  cameraId = await app.addCamera({ rtspUrl: 'rtsp://127.0.0.1:9/', preRollSec: 0 }, 'IDLE');
  const sql = new pg.Client({ connectionString: app.config.databaseUrl! });
  await sql.connect();
  await sql.query(
    `INSERT INTO events (id, camera_id, type, metadata, started_at)
     SELECT gen_random_uuid(), $1, 'OTHER', to_jsonb(repeat('m', $2)), now() FROM generate_series(1, 100)`,
    [cameraId, metadataBytes],
  );
  await sql.end();
});
afterAll(() => app.close());

const codeOf = async (query: string, variables?: object) => (await app.client.fail(query, variables)).code;

describe('an answer', () => {
  const events = (name: string, count: number) => `${name}: events(first: ${count}) { nodes { metadata } }`;

  test('may contain a full page with metadata, but only a limited number of bytes', async () => {
    const { a } = await app.client.run<{ a: { nodes: { metadata: string }[] } }>(`{ ${events('a', 100)} }`);
    expect(a.nodes.map(({ metadata }) => metadata.length)).toEqual(Array(100).fill(metadataBytes));
    expect(await codeOf(`{ ${events('a', 100)} ${events('b', 100)} }`)).toBe('QUERY_TOO_COMPLEX');
  });

  test('is refused because of its cost before anything is read', async () => {
    const many = Array.from({ length: 50 }, (_, n) => events(`a${n}`, 100)).join(' ');
    expect(await codeOf(`{ ${many} }`)).toBe('QUERY_TOO_COMPLEX');
  });

  test('contains neither long aliases nor long invalid values', async () => {
    expect(await codeOf(`{ ${'a'.repeat(101)}: __typename }`)).toBe('QUERY_TOO_COMPLEX');
    const wrong = Array.from({ length: 50 }, (_, n) => `a${n}: playbackConnection(after: $c) { totalCount }`);
    const response = await fetch(`${app.app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({
        query: `query($c: String) { ${wrong.slice(0, 20).join(' ')} }`,
        variables: { c: 'A'.repeat(100_000) },
      }),
    });
    const text = await response.text();
    expect(text).toContain('is not a cursor');
    expect(text.length).toBeLessThan(100_000);
  });

  test('contains metadata as it was reported, on every path to it', async () => {
    const metadata = { list: [1, 'two', null, { three: 3.5 }], text: 'ä "quoted" \\ ' };
    const query =
      'mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id metadata } } }';
    const input = { cameraId, type: 'OTHER', metadata };
    const { createEvent } = await app.client.run<{
      createEvent: { event: { id: string; metadata: unknown } };
    }>(query, { input });
    expect(createEvent.event.metadata).toEqual(metadata);
    const { id } = createEvent.event;
    const read = await app.client.run<{ event: { metadata: unknown } }>(
      `{ event(id: "${id}") { metadata } }`,
    );
    expect(read.event.metadata).toEqual(metadata);
    const none = await app.client.run<{ createEvent: { event: { metadata: unknown } } }>(query, {
      input: { cameraId, type: 'OTHER' },
    });
    expect(none.createEvent.event.metadata).toBeNull();
  });
});

describe('requests', () => {
  const statuses = (count: number) => Array(count).fill('FAILED');

  test('have lists of limited length in their variables', async () => {
    const query = 'query($s: [RecordingStatus!]) { playbacks(filter: { recordingStatus: $s }) { total } }';
    expect(await app.client.run(query, { s: statuses(1_000) })).toBeDefined();
    expect(await codeOf(query, { s: statuses(1_001) })).toBe('QUERY_TOO_COMPLEX');
    const filter = 'query($f: PlaybackFilter) { playbacks(filter: $f) { total } }';
    expect(await codeOf(filter, { f: { recordingStatus: statuses(1_001) } })).toBe('QUERY_TOO_COMPLEX');
  });

  test('for subscriptions have a limited number of characters', async () => {
    const query = 'subscription { playbackStatusChanged { to } }';
    const stream = app.client.subscribe(query, { unused: 'x'.repeat(20_000) });
    await expect(stream.next()).rejects.toThrow('16384 characters');
  });

  const args = (name: string, query: string, document = parse(query)) =>
    ({ document, contextValue: { caller: { name }, params: { query } } }) as unknown as Parameters<
      ReturnType<typeof holdSubscriptions>
    >[0];

  test('for subscriptions have limited memory per key and in total; a shared document counts once', () => {
    const hold = holdSubscriptions(1024 ** 2);
    const query = '{ a b c }';
    const document = parse(query);
    const ends: (() => void)[] = [];
    const fill = (name: string) => {
      for (;;) ends.push(hold(args(name, query, document)));
    };
    expect(() => fill('a')).toThrow('Too many subscriptions');
    const ofOne = ends.length;
    expect(ofOne).toBeGreaterThan(10);
    expect(() => fill('b')).toThrow();
    expect(ends.length).toBe(2 * ofOne);
    expect(() => fill('c')).toThrow();
    expect(ends.length).toBeLessThanOrEqual(2 * ofOne + 1);
    for (const end of ends.splice(0)) end();
    expect(() => {
      for (let n = 0; ; n++) ends.push(hold(args('a', `{ a${n} b c }`)));
    }).toThrow();
    expect(ends.length).toBeLessThan(ofOne * 0.8);
    for (const end of ends.splice(0)) {
      end();
      end();
    }
    expect(() => fill('a')).toThrow();
    expect(ends.length).toBe(ofOne);
  });

  test('have documents that are cached up to a number of bytes; unparsable documents are not cached', () => {
    const { documentCache, errorCache } = documentCaches(1024 ** 2);
    const set = (text: string) => documentCache.set(text, parse(text));
    const small = '{ a }';
    set(small);
    const large = `{ a(x: "${'x'.repeat(245_000)}") }`;
    set(large);
    expect(documentCache.get(small)).toBeDefined();
    expect(documentCache.get(large)).toBeUndefined();
    for (let n = 0; n < 1_000; n++) set(`{ a(x: "${n}${'x'.repeat(10_000)}") }`);
    const kept = Array.from({ length: 1_000 }, (_, n) =>
      documentCache.get(`{ a(x: "${n}${'x'.repeat(10_000)}") }`),
    );
    expect(kept.filter(Boolean).length).toBeGreaterThan(50);
    expect(kept.filter(Boolean).length).toBeLessThan(105);
    errorCache.set();
    expect(errorCache.get()).toBeUndefined();
  });
});

describe('a socket', () => {
  async function open() {
    const socket = new WebSocket(`${app.app.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    socket.on('error', () => {});
    await once(socket, 'open');
    const closed = once(socket, 'close').then(([code]) => code as number);
    return { socket, closed };
  }
  const init = { type: 'connection_init', payload: { authorization: `Bearer ${key}` } };
  const ping = (bytes: number) => JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(bytes) } });

  test.each([
    ['one message', [ping(5_000)]],
    ['several', Array(10).fill(ping(500))],
  ])('may send only a few bytes before it is acknowledged: %s', async (_, messages) => {
    const { socket, closed } = await open();
    for (const message of messages) socket.send(message);
    expect(await closed).toBe(1006);
  });

  test('may send only a few bytes before it is acknowledged: a message that never ends', async () => {
    const { socket, closed } = await open();
    socket.send('x'.repeat(5_000), { fin: false });
    expect(await closed).toBe(1006);
  });

  test('may send a token of an OpenID provider, and large messages afterwards', async () => {
    const { socket, closed } = await open();
    socket.send(JSON.stringify({ ...init, payload: { ...init.payload, more: 'x'.repeat(3_500) } }));
    expect(JSON.parse(String((await once(socket, 'message'))[0]))).toEqual({ type: 'connection_ack' });
    for (let n = 0; n < 3; n++) {
      socket.send(ping(200_000));
      expect(String((await once(socket, 'message'))[0]).length).toBeGreaterThan(200_000);
    }
    socket.close();
    expect(await closed).toBe(1005);
  });

  test('that is not read is closed because of its unsent bytes', async () => {
    const { socket, closed } = await open();
    socket.send(JSON.stringify(init));
    await once(socket, 'message');
    socket.pause();
    const since = performance.now();
    const sending = setInterval(() => {
      if (socket.bufferedAmount < 1e7) socket.send(ping(250_000));
    }, 5);
    const connection = (socket as unknown as { _socket: NodeJS.EventEmitter })._socket;
    await new Promise((resolve) => connection.once('close', resolve));
    clearInterval(sending);
    // Earlier than because of missing pongs, which would close it after 24 seconds.
    expect(performance.now() - since).toBeLessThan(20_000);
    socket.resume();
    expect(await closed).toBe(1006);
  }, 30_000);

  test('accepts operation ids of limited length only', async () => {
    const { socket } = await open();
    socket.send(JSON.stringify(init));
    await once(socket, 'message');
    socket.send(
      JSON.stringify({ id: 'x'.repeat(101), type: 'subscribe', payload: { query: '{ __typename }' } }),
    );
    expect(String((await once(socket, 'message'))[0])).toContain('BAD_USER_INPUT');
    socket.close();
  });
});

test('many requests of one key delay only each other, and no key exceeds its share', async () => {
  const order: string[] = [];
  const takeAll = (limit: FairLimit, names: string) => {
    order.length = 0;
    let [inside, most] = [0, 0];
    const take = async (name: string) => {
      const release = await limit.enter(name);
      order.push(name);
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
      release();
      release();
    };
    return Promise.all([...names].map(take)).then(() => most);
  };
  expect(await takeAll(new FairLimit({ atOnce: 1, perName: 1 }), 'aaaaabb')).toBe(1);
  expect(order.indexOf('b')).toBeLessThanOrEqual(2);
  expect(order.lastIndexOf('b')).toBeLessThanOrEqual(4);
  expect(await takeAll(new FairLimit({ atOnce: 10, perName: 2 }), 'aaaaaa')).toBe(2);
  expect(await takeAll(new FairLimit({ atOnce: 3, perName: 2 }), 'aaaabbbb')).toBe(3);
  expect(order).toHaveLength(8);
});
