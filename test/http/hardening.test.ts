// Attacks, and the errors that clients get, over every transport.
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { connectDb, forReading } from '../../src/db/client.ts';
import { publicError } from '../../src/http/public-errors.ts';
import { createLog } from '../../src/log.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';

const key = 'admin-0123456789abcdef';
const authorization = `Bearer ${key}`;
/** The closed list of the contract. */
const codes = [
  ...['BAD_USER_INPUT', 'NOT_FOUND', 'CONFLICT', 'UNAUTHENTICATED', 'FORBIDDEN', 'RATE_LIMITED', 'CAPACITY'],
  ...['QUERY_TOO_COMPLEX', 'CURSOR_EXPIRED', 'SUBSCRIBER_LAGGED', 'INTERNAL_SERVER_ERROR'],
];
const nowhere = '00000000-0000-7000-8000-000000000000';

let app: TestApp;
let sql: pg.Client;
/** A server on which cameras at private addresses are forbidden. */
let walled: TestApp;

beforeAll(async () => {
  app = await startTestApp({
    apiKeys: [
      { name: 'admin', role: 'ADMIN', secret: key },
      { name: 'greedy', role: 'VIEWER', secret: 'greedy-0123456789abcdef' },
    ],
    allowedOrigins: ['https://friend.example'],
    socketsPerKey: 5,
    eventsPerMinute: 60,
  });
  walled = await startTestApp({ privateCameras: false });
  sql = new pg.Client({ connectionString: app.config.databaseUrl! });
  await sql.connect();
});

afterAll(async () => {
  await sql.end();
  await app.close();
  await walled.close();
});

const endpoint = () => `${app.app.url}/graphql`;

interface Told {
  message: string;
  extensions: { code: string; requestId?: string; retryAfterMs?: number };
}

const post = (body: unknown, headers: Record<string, string> = {}) =>
  fetch(endpoint(), {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

async function toldOver(response: Response): Promise<Told> {
  const { errors } = (await response.json()) as { errors: Told[] };
  return errors[0]!;
}

/** A socket that has sent connection_init, and the messages that it received. */
async function openSocket(secret = key, headers: Record<string, string> = {}) {
  const socket = new WebSocket(endpoint().replace('http', 'ws'), 'graphql-transport-ws', { headers });
  const messages: { id?: string; type: string; payload?: unknown }[] = [];
  let wake = () => {};
  socket.on('message', (data) => {
    messages.push(JSON.parse(String(data)));
    wake();
  });
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await once(socket, 'open');
  const say = (message: object) => socket.send(JSON.stringify(message));
  say({ type: 'connection_init', payload: { authorization: `Bearer ${secret}` } });
  const until = async (isMeant: (message: (typeof messages)[number]) => boolean) => {
    for (;;) {
      const found = messages.find(isMeant);
      if (found) return found;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const close = () => {
    socket.close();
    return closed;
  };
  return { socket, closed, say, until, messages, close };
}

async function toldOverSocket(query: string, variables?: object): Promise<Told> {
  const { say, until, close } = await openSocket();
  await until(({ type }) => type === 'connection_ack');
  say({ id: '1', type: 'subscribe', payload: { query, variables } });
  const { type, payload } = await until(({ id }) => id === '1');
  await close();
  return (type === 'error' ? (payload as Told[]) : (payload as { errors: Told[] }).errors)[0]!;
}

async function toldOverSse(query: string, variables?: object): Promise<Told> {
  const response = await post({ query, variables }, { accept: 'text/event-stream' });
  const text = await response.text();
  const data = /^data: (\{.*errors.*\})$/m.exec(text)?.[1] ?? text;
  return (JSON.parse(data) as { errors: Told[] }).errors[0]!;
}

describe('foreign web pages', () => {
  const mutation =
    'mutation { createCamera(input: { name: "CSRF", rtspUrl: "rtsp://h/" }) { camera { id } } }';
  const isMade = async () => JSON.stringify(await app.client.run('{ cameras { name } }')).includes('CSRF');

  test.each([
    ['application/x-www-form-urlencoded', `query=${encodeURIComponent(mutation)}`],
    ['text/plain', JSON.stringify({ query: mutation })],
    [
      'multipart/form-data; boundary=x',
      `--x\r\ncontent-disposition: form-data; name="query"\r\n\r\n${mutation}\r\n--x--`,
    ],
    ['application/graphql', mutation],
  ])('cannot post a form as %s', async (type, body) => {
    const response = await post(body, { 'content-type': type });
    expect(response.status).toBe(415);
    expect((await toldOver(response)).extensions.code).toBe('BAD_USER_INPUT');
    expect(await isMade()).toBe(false);
  });

  test('cannot change anything by GET', async () => {
    const response = await fetch(`${endpoint()}?query=${encodeURIComponent(mutation)}`, {
      headers: { authorization },
    });
    expect(response.status).toBe(405);
    expect((await toldOver(response)).extensions.code).toBe('BAD_USER_INPUT');
    expect(await isMade()).toBe(false);
  });

  test.each(['https://evil.example', 'null', 'http://localhost.evil.example'])(
    'of the origin %s are refused over HTTP and WebSocket',
    async (origin) => {
      const response = await post({ query: '{ __typename }' }, { origin });
      expect(response.status).toBe(403);
      expect((await toldOver(response)).extensions.code).toBe('FORBIDDEN');
      await expect(openSocket(key, { origin })).rejects.toThrow('403');
    },
  );

  test('of ALLOWED_ORIGINS are allowed, and can read why a request was refused', async () => {
    const origin = 'https://friend.example';
    for (const [credential, status] of [
      [authorization, 200],
      ['Bearer wrong', 401],
    ] as const) {
      const response = await post({ query: '{ __typename }' }, { origin, authorization: credential });
      expect(response.status).toBe(status);
      expect(response.headers.get('access-control-allow-origin')).toBe(origin);
    }
    const { close } = await openSocket(key, { origin });
    await close();
  });

  test('cannot reach an open server by a name of their own (DNS rebinding)', async () => {
    const open = await startTestApp();
    const { port } = new URL(open.app.url);
    const ask = (host: string) =>
      new Promise<number>((resolve, reject) => {
        const headers = { host, origin: `http://${host}`, 'content-type': 'application/json' };
        const body = '{"query":"{ __typename }"}';
        httpRequest({ host: '127.0.0.1', port, path: '/graphql', method: 'POST', headers }, (response) => {
          response.resume();
          resolve(response.statusCode!);
        })
          .on('error', reject)
          .end(body);
      });
    expect(await ask(`evil.example:${port}`)).toBe(403);
    expect(await ask(`localhost:${port}`)).toBe(200);
    await open.close();
  });
});

const totals = (count: number) =>
  Array.from({ length: count }, (_, i) => `a${i}: playbacks { total totalPages }`).join(' ');

const nest = (levels: number): string =>
  levels === 0 ? 'id' : `camera { playbacks(first: 1) { nodes { ${nest(levels - 1)} } } }`;

describe('too much work', () => {
  test.each([
    ['tokens', `{ cameras { ${'id '.repeat(3_000)} } }`],
    ['depth', `{ playback(id: "${nowhere}") { ${nest(5)} } }`],
    ['fields', `{ cameras { ${'id name '.repeat(300)} } }`],
    [
      'aliases',
      `{ ${Array.from({ length: 60 }, (_, i) => `a${i}: __typename`).join(' ')} x: me { ${Array.from({ length: 60 }, (_, i) => `b${i}: name`).join(' ')} } }`,
    ],
    ['cost', '{ cameras { playbacks(first: 100) { nodes { id startedAt transitions { at } } } } }'],
    [
      'cost by variable',
      'query($n: Int) { cameras { playbacks(first: $n) { nodes { id startedAt transitions { at } } } } }',
    ],
    ['totals', `{ ${totals(40)} }`],
    [
      'totals of every camera',
      `{ cameras { ${[1, 2, 3, 4].map((n) => `a${n}: playbacks { totalCount }`).join(' ')} } }`,
    ],
    ['late pages', '{ a: playbacks(page: 15000) { page } b: playbacks(page: 90000) { page } }'],
    ['fragments that double', fragmentBomb()],
  ])('is refused: %s', async (_, query) => {
    const startedAt = Date.now();
    expect((await toldOver(await post({ query }))).extensions.code).toBe('QUERY_TOO_COMPLEX');
    expect((await toldOverSocket(query)).extensions.code).toBe('QUERY_TOO_COMPLEX');
    expect(Date.now() - startedAt).toBeLessThan(5_000);
  });

  test('does not arise from fragments that contain themselves: these are refused as invalid', async () => {
    const query = '{ me { ...A } } fragment A on Me { name ...B } fragment B on Me { role ...A }';
    const told = await toldOver(await post({ query }));
    expect(told.extensions.code).toBe('BAD_USER_INPUT');
    expect(told.message).toContain('itself');
  });

  test('is refused in nested introspection', async () => {
    const query = `{ __schema { types { ${'fields { type { '.repeat(8)} name ${'} }'.repeat(8)} } } }`;
    expect((await toldOver(await post({ query }))).extensions.code).toBe('BAD_USER_INPUT');
  });

  test('does not include a full page with all fields', async () => {
    const playback = `id recordingStatus startedAt endedAt endReason clipStartedAt preRollMs missedMs gaps { from to }
      durationMs fileSizeBytes codec audioCodec resolution videoUrl thumbnailUrl liveUrl errorMessage
      failure { code message fault retryable } transitions { cursor from to at } camera { id name state }
      event { id type label description metadata startedAt endedAt }`;
    const query = `query($n: Int) { playbacks(pageSize: $n) { total items { ${playback} } } cameras { id name state lastError } }`;
    const response = await post({ query, variables: { n: 100 } });
    expect(await response.json()).not.toHaveProperty('errors');
  });

  test('does not include a few totals and a few pages', async () => {
    const query = `{ ${totals(5)} playbacks(page: 1000) { page } cameras { playbacks { totalCount } } }`;
    expect(await (await post({ query })).json()).not.toHaveProperty('errors');
  });

  test('in the database ends with QUERY_TOO_COMPLEX', async () => {
    const db = connectDb(app.config.databaseUrl!, { statementTimeoutMs: 50 });
    await sql.query('BEGIN; LOCK TABLE cameras IN ACCESS EXCLUSIVE MODE');
    const failures = await Promise.allSettled([
      db.camera.findMany(),
      db.camera.count(),
      db.$queryRaw`SELECT pg_sleep(20)`,
    ]);
    await sql.query('COMMIT');
    await db.$disconnect();
    for (const failure of failures) {
      const { reason } = failure as PromiseRejectedResult;
      expect(publicError(reason, 'x', createLog('silent')).extensions).toEqual({ code: 'QUERY_TOO_COMPLEX' });
    }
    expect(forReading.statementTimeoutMs).toBeLessThanOrEqual(15_000);
  });

  test('is prevented: several operations in one request are refused', async () => {
    const response = await post([{ query: '{ __typename }' }, { query: '{ __typename }' }]);
    expect(response.status).toBe(400);
    expect((await toldOver(response)).extensions.code).toBe('BAD_USER_INPUT');
  });

  test('a large body is refused, with or without Content-Length', async () => {
    const body = JSON.stringify({ query: '{ __typename }', variables: { x: 'x'.repeat(300_000) } });
    const announced = await post(body);
    expect(announced.status).toBe(413);
    expect((await toldOver(announced)).extensions.code).toBe('BAD_USER_INPUT');
    const chunked = await fetch(endpoint(), {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: new Blob([body]).stream(),
      duplex: 'half',
    } as RequestInit);
    expect(chunked.status).toBe(413);
    expect((await toldOver(chunked)).extensions.code).toBe('BAD_USER_INPUT');
  });

  test('a large message closes the socket', async () => {
    const { say, closed, until } = await openSocket();
    await until(({ type }) => type === 'connection_ack');
    say({
      id: '1',
      type: 'subscribe',
      payload: { query: '{ __typename }', variables: { x: 'x'.repeat(300_000) } },
    });
    expect(await closed).toBe(1009);
  });

  test('at most a hundred operations may run on one socket', async () => {
    const { say, until, close, messages } = await openSocket();
    await until(({ type }) => type === 'connection_ack');
    for (let id = 1; id <= 101; id++) {
      say({
        id: `${id}`,
        type: 'subscribe',
        payload: { query: 'subscription { playbackStatusChanged { to } }' },
      });
    }
    const refused = await until(({ type }) => type === 'error');
    expect(refused).toMatchObject({ id: '101', payload: [{ extensions: { code: 'CAPACITY' } }] });
    expect(messages.filter(({ type }) => type === 'error')).toHaveLength(1);
    await close();
  });

  test('the number of sockets and streams per key is limited', async () => {
    const greedy = 'greedy-0123456789abcdef';
    const held = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const socket = await openSocket(greedy);
        await socket.until(({ type }) => type === 'connection_ack');
        return socket;
      }),
    );
    // 4429: graphql-ws clients do not connect again.
    expect(await (await openSocket(greedy)).closed).toBe(4429);
    for (const accept of ['text/event-stream', '*/*', 'application/json']) {
      const stream = await post(
        { query: 'subscription { playbackStatusChanged { to } }' },
        { accept, authorization: `Bearer ${greedy}` },
      );
      expect(stream.status, accept).toBe(503);
      expect(await stream.text(), accept).toContain('"code":"CAPACITY"');
    }
    // Queries and other keys are not affected. A closed connection makes room for another.
    expect((await post({ query: '{ __typename }' }, { authorization: `Bearer ${greedy}` })).status).toBe(200);
    await held[0]!.close();
    const next = await openSocket(greedy);
    await next.until(({ type }) => type === 'connection_ack');
    await Promise.all([...held.slice(1), next].map(({ close }) => close()));
  });

  test('events beyond the key’s rate are refused with the time to wait', async () => {
    const query = `mutation { createEvent(input: { cameraId: "${nowhere}", type: OTHER }) { event { id } } }`;
    const told: Told[] = [];
    for (let n = 0; n < 12; n++) told.push(await toldOver(await post({ query })));
    const limited = told.filter(({ extensions }) => extensions.code === 'RATE_LIMITED');
    // 60 a minute: ten at once, then one per second.
    expect(limited.length).toBeGreaterThan(0);
    expect(told.slice(0, 10).every(({ extensions }) => extensions.code === 'NOT_FOUND')).toBe(true);
    const wait = limited[0]!.extensions.retryAfterMs!;
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(1_000);
    await new Promise((resolve) => setTimeout(resolve, wait + 50));
    expect((await toldOver(await post({ query }))).extensions.code).toBe('NOT_FOUND');
  });

  test('a client that sends its headers too slowly is disconnected', async () => {
    const { port } = new URL(app.app.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write('POST /graphql HTTP/1.1\r\nhost: localhost\r\n');
    const drip = setInterval(() => socket.write('x-a: b\r\n'), 500);
    let answer = '';
    socket.on('data', (data) => {
      answer += data;
    });
    await once(socket, 'close');
    clearInterval(drip);
    expect(answer).toContain('408');
  }, 20_000);
});

function fragmentBomb(): string {
  const levels = Array.from(
    { length: 40 },
    (_, n) =>
      `fragment F${n} on Playback { camera { playbacks { nodes { ...F${n + 1} } } } event { playbacks { ...F${n + 1} } } }`,
  );
  return `{ playback(id: "${nowhere}") { ...F0 } } ${levels.join(' ')} fragment F40 on Playback { id }`;
}

test('introspection and GraphiQL can be switched off', async () => {
  const closed = await startTestApp({ introspection: false, graphiql: false });
  expect((await closed.client.fail('{ __schema { types { name } } }')).code).toBe('BAD_USER_INPUT');
  expect(await closed.client.run('{ __typename }')).toEqual({ __typename: 'Query' });
  const page = await fetch(`${closed.app.url}/graphql`, { headers: { accept: 'text/html' } });
  expect(await page.text()).not.toContain('GraphiQL');
  await closed.close();
});

test.each([
  '127.0.0.1',
  'localhost',
  '[::1]',
  '[::ffff:10.0.0.1]',
  '0x7f.1',
  '169.254.169.254',
  '192.168.1.1',
])('if private addresses are forbidden, %s is not connected', async (host) => {
  const rtspUrl = `rtsp://${host}:9/`;
  const id = await walled.addCamera({ name: 'Inside', rtspUrl, preRollSec: 5 }, 'OFFLINE');
  const { camera } = await walled.client.run<{ camera: { lastError: string } }>(
    `{ camera(id: "${id}") { lastError } }`,
  );
  expect(camera.lastError).toContain('PRIVATE_CAMERAS=false');
});

describe('an error', () => {
  const wrong: [string, string, object?][] = [
    ['syntax', '{ cameras {'],
    ['validation', '{ cameras { nonsense } }'],
    ['no operation', 'fragment A on Camera { id }'],
    ['a variable of another type', 'query($n: Int!) { playbacks(page: $n) { page } }', { n: 'x' }],
    ['a variable that is missing', 'query($n: Int!) { playbacks(page: $n) { page } }'],
    ['a scalar', '{ playbacks(filter: { startedAfter: "yesterday" }) { page } }'],
    ['a page that there is not', '{ playbacks(pageSize: 101) { page } }'],
    ['a cursor that is none', '{ playbackConnection(after: "AAAA") { nodes { id } } }'],
    ['a subscription’s cursor that is none', 'subscription { playbackStatusChanged(after: "AAAA") { to } }'],
  ];

  test.each(wrong)('has a code over every transport: %s', async (_name, query, variables) => {
    const isSubscription = query.startsWith('subscription');
    const told = [
      ...(isSubscription ? [] : [await toldOver(await post({ query, variables }))]),
      await toldOverSocket(query, variables),
      await toldOverSse(query, variables),
    ];
    for (const { extensions, message } of told) {
      expect(extensions).toMatchObject({ code: 'BAD_USER_INPUT', issues: [{ message: expect.any(String) }] });
      expect(Object.keys(extensions).sort()).toEqual(['code', 'issues']);
      expect(message).not.toBe('');
    }
  });

  test('has a code even if the request is not GraphQL', async () => {
    for (const body of [
      '{',
      '"x"',
      'null',
      '{}',
      '{"query":5}',
      '{"query":"{ __typename }","variables":[]}',
    ]) {
      const response = await post(body);
      expect(response.status, body).toBe(400);
      expect((await toldOver(response)).extensions.code, body).toBe('BAD_USER_INPUT');
    }
    expect((await fetch(endpoint(), { method: 'PUT', headers: { authorization } })).status).toBe(405);
  });

  const deep = (levels: number) => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
  const cursorOf = (text: string) => Buffer.from(text).toString('base64url');
  const report =
    'mutation($metadata: JSON, $label: String) { createEvent(input: { cameraId: "CAMERA", type: OTHER, label: $label, metadata: $metadata }) { event { id } } }';
  test.each<[string, string, object?]>([
    ['NUL in JSON', report, { metadata: { a: ['\u0000'] } }],
    ['NUL in a key of JSON', report, { metadata: { '\u0000': 1 } }],
    ['half a character in JSON', report, { metadata: '\ud83d' }],
    ['half a character in text', report, { label: '\ud83d' }],
    ['JSON of a thousand levels', report, { metadata: deep(1_000) }],
    ['a year before the first', '{ playbacks(filter: { startedAfter: "0000-01-01T00:00:00Z" }) { total } }'],
    [
      'a year after the last',
      '{ playbacks(filter: { startedAfter: "9999-12-31T23:59:59-01:00" }) { total } }',
    ],
    [
      'a cursor with another year',
      `{ events(after: "${cursorOf(`999999999999999 ${nowhere}`)}") { totalCount nodes { id } } }`,
    ],
    [
      'a cursor with an id that is none',
      `{ events(after: "${cursorOf(`1 ${'-'.repeat(36)}`)}") { nodes { id } } }`,
    ],
  ])('for a value that no database can hold has a message: %s', async (_name, query, variables) => {
    const told = await walled.client.fail(query.replace('CAMERA', nowhere), variables);
    expect(told).toMatchObject({ code: 'BAD_USER_INPUT', issues: [{ message: expect.any(String) }] });
  });

  test('inside the server is masked: the answer has an id, the log has the details', async () => {
    const secret = 'hunter2';
    await sql.query(`ALTER TABLE playbacks RENAME TO ${secret}_playbacks`);
    await sql.query(`ALTER TABLE cameras RENAME TO ${secret}_cameras`);
    await sql.query(
      `CREATE FUNCTION ${secret}() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the password is ${secret}'; END $$`,
    );
    await sql.query(
      `CREATE VIEW cameras AS SELECT *, ${secret}() AS boom FROM ${secret}_cameras WHERE ${secret}() = 1`,
    );
    await sql.query(`CREATE VIEW playbacks AS SELECT * FROM ${secret}_playbacks WHERE ${secret}() = 1`);
    try {
      await sql.query(
        `INSERT INTO ${secret}_cameras (id, name, rtsp_url) VALUES ('${nowhere}', 'x', 'rtsp://h/')`,
      );
      await sql.query(`INSERT INTO ${secret}_playbacks (id, camera_id) VALUES ('${nowhere}', '${nowhere}')`);
      await sql.query(
        `INSERT INTO playback_transitions (playback_id, to_status) VALUES ('${nowhere}', 'PENDING')`,
      );
      const told = [
        await toldOver(await post({ query: '{ cameras { id } }' })),
        await toldOver(await post({ query: '{ playbacks { total } }' })),
        await toldOverSocket('{ cameras { id } }'),
        await toldOverSse('{ cameras { id } }'),
        await toldOverSocket('subscription { cameraStateChanged { id } }'),
        await toldOverSse('subscription { cameraStateChanged { id } }'),
        await toldOverSocket('subscription { playbackStatusChanged { to } }'),
        await toldOverSse('subscription { playbackStatusChanged { to } }'),
      ];
      for (const one of told) {
        expect(JSON.stringify(one)).not.toMatch(/hunter2|prisma|select|stack|unexpected/i);
        expect(one.extensions.code).toBe('INTERNAL_SERVER_ERROR');
        const line = app.logged.find((line) => line.includes(one.extensions.requestId!));
        expect(line).toContain(secret);
      }
    } finally {
      await sql.query('DROP VIEW cameras, playbacks');
      await sql.query(`DELETE FROM ${secret}_cameras WHERE id = '${nowhere}'`);
      await sql.query(`ALTER TABLE ${secret}_cameras RENAME TO cameras`);
      await sql.query(`ALTER TABLE ${secret}_playbacks RENAME TO playbacks`);
    }
  });

  test('has a code of the contract’s list', async () => {
    const { readFile } = await import('node:fs/promises');
    const text = await readFile(new URL('../../src/domain/errors.ts', import.meta.url), 'utf8');
    const known = [...text.matchAll(/^ {2}\| '(\w+)'/gm)].map((match) => match[1]!);
    expect([...known, 'INTERNAL_SERVER_ERROR'].sort()).toEqual([...codes].sort());
  });
});
