// Who may do what: keys, roles, limits to cameras, tokens, signed links.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createPathSigner } from '../../src/access/signed-path.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { connectClient, type TestClient } from '../support/app/client.ts';
import { program } from '../support/processes/program.ts';

const roles = ['VIEWER', 'ANALYTICS', 'OPERATOR', 'ADMIN'] as const;
const secretOf = (name: string) => `${name}-0123456789abcdef`;
const nowhere = '00000000-0000-7000-8000-000000000000';

let app: TestApp;
let sql: pg.Client;
let provider: Provider;
const clients: TestClient[] = [];
const as = (key?: string): TestClient => {
  const client = connectClient(app.app.url, key);
  clients.push(client);
  return client;
};

/** A camera with an event and a finished playback. */
interface Yard {
  cameraId: string;
  eventId: string;
  playbackId: string;
}
let front: Yard;
let back: Yard;

beforeAll(async () => {
  provider = await startProvider();
  app = await startTestApp({
    apiKeys: [...roles, 'OTHER'].map((name) => ({
      name: name.toLowerCase(),
      role: name === 'OTHER' ? 'ANALYTICS' : (name as (typeof roles)[number]),
      secret: secretOf(name),
    })),
    oidc: {
      jwksUrl: provider.jwksUrl,
      issuer: provider.issuer,
      audience: 'flashback',
      roleClaim: 'realm.roles',
    },
  });
  sql = new pg.Client({ connectionString: app.config.databaseUrl! });
  await sql.connect();
  front = await makeYard('Front', 'analytics');
  back = await makeYard('Back', 'other');
});

afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await sql.end();
  await app.close();
  await provider.close();
});

async function makeYard(name: string, reportedBy: string): Promise<Yard> {
  const cameraId = await app.addCamera(
    { name, rtspUrl: 'rtsp://127.0.0.1:9/none', preRollSec: 0, recordOn: [] },
    'IDLE',
  );
  const { rows } = await sql.query(
    `WITH event AS (
       INSERT INTO events (id, camera_id, type, started_at, created_by_key)
       VALUES (gen_random_uuid(), $1, 'MOTION', now(), $2) RETURNING id
     ), playback AS (
       INSERT INTO playbacks (id, camera_id, event_id, recording_status, storage_path, file_size_bytes)
       SELECT gen_random_uuid(), $1, id, 'COMPLETED', $1 || '/2026-01-01/clip.mp4', 1 FROM event RETURNING id
     ), transition AS (
       INSERT INTO playback_transitions (playback_id, from_status, to_status)
       SELECT id, 'PROCESSING', 'COMPLETED' FROM playback
     )
     SELECT event.id AS "eventId", playback.id AS "playbackId" FROM event, playback`,
    [cameraId, reportedBy],
  );
  return { cameraId, ...rows[0] };
}

const makeKeyText = `mutation($input: CreateApiKeyInput!) {
  createApiKey(input: $input) { secret apiKey { id name role cameraIds createdAt expiresAt revokedAt lastUsedAt } } }`;

interface MadeKey {
  secret: string;
  apiKey: { id: string; lastUsedAt: string | null; [field: string]: unknown };
}
const makeKey = async (input: object): Promise<MadeKey> =>
  (await app.client.run<{ createApiKey: MadeKey }>(makeKeyText, { input })).createApiKey;
const revoke = (id: string) =>
  app.client.run('mutation($id: ID!) { revokeApiKey(id: $id) { apiKey { revokedAt } } }', { id });

/** Opens a WebSocket with this key and waits for its close frame. */
function closeOf(key: string | undefined): Promise<{ code: number; reason: string }> {
  const socket = new WebSocket(`${app.app.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const payload = key ? { authorization: `Bearer ${key}` } : {};
  socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload })));
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
}

/** Subscribes over HTTP. */
const openStream = (
  url: string,
  key: string,
  headers: Record<string, string>,
  signal: AbortSignal | null = null,
): Promise<Response> =>
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
    body: JSON.stringify({ query: 'subscription { playbackStatusChanged { to } }' }),
    signal,
  });

describe('without a valid key', () => {
  test.each([
    ['no key', undefined],
    ['a wrong key', 'fb_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
  ])('requests with %s are refused over HTTP, SSE and WebSocket', async (_, key) => {
    for (const accept of ['application/json', 'text/event-stream']) {
      const response = await fetch(`${app.app.url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept,
          ...(key && { authorization: `Bearer ${key}` }),
        },
        body: JSON.stringify({ query: '{ __typename }' }),
      });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    }
    // 4401: graphql-ws clients do not retry.
    expect(await closeOf(key)).toMatchObject({ code: 4401 });
  });

  test('everybody can read /healthz', async () => {
    expect((await fetch(`${app.app.url}/healthz`)).status).toBe(200);
  });

  test('only callers that may see all cameras can read /metrics', async () => {
    const scrape = (key?: string) =>
      fetch(`${app.app.url}/metrics`, { headers: key ? { authorization: `Bearer ${key}` } : {} });
    expect((await scrape()).status).toBe(401);
    expect((await scrape(secretOf('VIEWER'))).status).toBe(200);
    const { secret } = await makeKey({ name: 'front desk', role: 'OPERATOR', cameraIds: [front.cameraId] });
    for (const key of [secret, secretOf('ANALYTICS')]) {
      const refused = await scrape(key);
      expect(refused.status).toBe(403);
      const text = await refused.text();
      expect(text).toContain('all cameras');
      expect(text).not.toContain(front.cameraId);
    }
  });
});

describe('roles', () => {
  const operations: [string, string, readonly (typeof roles)[number][]][] = [
    [
      'createEvent',
      `createEvent(input: { cameraId: "${nowhere}", type: MOTION }) { event { id } }`,
      ['ANALYTICS', 'OPERATOR', 'ADMIN'],
    ],
    [
      'endEvent',
      `endEvent(input: { id: "${nowhere}" }) { event { id } }`,
      ['ANALYTICS', 'OPERATOR', 'ADMIN'],
    ],
    [
      'renewEvent',
      `renewEvent(input: { id: "${nowhere}", leaseSec: 5 }) { event { id } }`,
      ['ANALYTICS', 'OPERATOR', 'ADMIN'],
    ],
    [
      'startRecording',
      `startRecording(input: { cameraId: "${nowhere}" }) { playback { id } }`,
      ['OPERATOR', 'ADMIN'],
    ],
    ['stopRecording', `stopRecording(playbackId: "${nowhere}") { playback { id } }`, ['OPERATOR', 'ADMIN']],
    ['deletePlayback', `deletePlayback(id: "${nowhere}") { id }`, ['OPERATOR', 'ADMIN']],
    ['retryPlayback', `retryPlayback(id: "${nowhere}") { playback { id } }`, ['OPERATOR', 'ADMIN']],
    [
      'reviewPlaybacks',
      `reviewPlaybacks(ids: ["${nowhere}"], reviewed: true) { playbacks { id } }`,
      ['VIEWER', 'ANALYTICS', 'OPERATOR', 'ADMIN'],
    ],
    [
      'protectPlayback',
      `protectPlayback(id: "${nowhere}", reason: "x") { playback { id } }`,
      ['OPERATOR', 'ADMIN'],
    ],
    ['unprotectPlayback', `unprotectPlayback(id: "${nowhere}") { playback { id } }`, ['OPERATOR', 'ADMIN']],
    [
      'createShareLink',
      `createShareLink(input: { playbackId: "${nowhere}", expiresAt: "2020-01-01T00:00:00Z" }) { url }`,
      ['OPERATOR', 'ADMIN'],
    ],
    ['revokeShareLink', `revokeShareLink(id: "${nowhere}") { shareLink { id } }`, ['OPERATOR', 'ADMIN']],
    [
      'savePushSubscription',
      'savePushSubscription(input: { endpoint: "ftp://x", p256dh: "", auth: "" }) { pushSubscription { id } }',
      ['VIEWER', 'ANALYTICS', 'OPERATOR', 'ADMIN'],
    ],
    [
      'deletePushSubscription',
      `deletePushSubscription(id: "${nowhere}") { id }`,
      ['VIEWER', 'ANALYTICS', 'OPERATOR', 'ADMIN'],
    ],
    ['testCamera', 'testCamera(input: { rtspUrl: "" }) { problem }', ['ADMIN']],
    ['createCamera', 'createCamera(input: { name: "", rtspUrl: "" }) { camera { id } }', ['ADMIN']],
    ['updateCamera', `updateCamera(input: { id: "${nowhere}" }) { camera { id } }`, ['ADMIN']],
    ['deleteCamera', `deleteCamera(id: "${nowhere}") { id }`, ['ADMIN']],
    ['createApiKey', 'createApiKey(input: { name: "", role: VIEWER }) { secret }', ['ADMIN']],
    ['revokeApiKey', `revokeApiKey(id: "${nowhere}") { apiKey { id } }`, ['ADMIN']],
  ];

  test.each(operations)('%s', async (_name, text, allowed) => {
    const forbidden = [];
    for (const role of roles) {
      const { errors } = await as(secretOf(role)).ask(`mutation { ${text} }`);
      if (errors?.[0]?.extensions['code'] === 'FORBIDDEN') forbidden.push(role);
    }
    expect(forbidden).toEqual(roles.filter((role) => !allowed.includes(role)));
  });

  test('every mutation is in the table above', async () => {
    const { __schema } = await app.client.run<{ __schema: { mutationType: { fields: { name: string }[] } } }>(
      '{ __schema { mutationType { fields { name } } } }',
    );
    expect(operations.map(([name]) => name).sort()).toEqual(
      __schema.mutationType.fields.map(({ name }) => name).sort(),
    );
  });

  test('only administrators can list keys; every caller can read its own name and role', async () => {
    expect((await as(secretOf('OPERATOR')).fail('{ apiKeys { id } }')).code).toBe('FORBIDDEN');
    expect(await as(secretOf('OPERATOR')).run('{ me { name role cameraIds } }')).toEqual({
      me: { name: 'operator', role: 'OPERATOR', cameraIds: null },
    });
  });
});

/** Every query that leads to a camera, an event or a playback. */
const everything = `{
  cameras { name playbacks { nodes { camera { name } } totalCount } }
  front: camera(id: "FRONT") { name }
  event(id: "EVENT") { camera { name } playbacks { id } }
  events { nodes { camera { name } playbacks { camera { name } } } edges { node { camera { name } } } totalCount }
  playback(id: "PLAYBACK") { event { id } videoUrl }
  playbacks { items { camera { name } event { id } } total totalPages }
  playbackConnection(last: 100) { nodes { camera { name } } totalCount pageInfo { hasPreviousPage hasNextPage } }
  filtered: playbacks(filter: { cameraId: "FRONT" }) { total }
}`;
const askAbout = (yard: Yard) =>
  everything
    .replaceAll('FRONT', yard.cameraId)
    .replace('EVENT', yard.eventId)
    .replace('PLAYBACK', yard.playbackId);

const only = (name: string, yard: Yard) => ({
  cameras: [{ name, playbacks: { nodes: [{ camera: { name } }], totalCount: 1 } }],
  front: { name },
  event: { camera: { name }, playbacks: [{ id: yard.playbackId }] },
  events: {
    nodes: [{ camera: { name }, playbacks: [{ camera: { name } }] }],
    edges: [{ node: { camera: { name } } }],
    totalCount: 1,
  },
  playback: { event: { id: yard.eventId }, videoUrl: expect.stringContaining('/media/') },
  playbacks: { items: [{ camera: { name }, event: { id: yard.eventId } }], total: 1, totalPages: 1 },
  playbackConnection: {
    nodes: [{ camera: { name } }],
    totalCount: 1,
    pageInfo: { hasPreviousPage: false, hasNextPage: false },
  },
  filtered: { total: 1 },
});

describe('a key limited to a camera', () => {
  test('reads that camera by every query, and other cameras by none', async () => {
    const { secret } = await makeKey({ name: 'front desk', role: 'VIEWER', cameraIds: [front.cameraId] });
    const client = as(secret);
    expect(await client.run(askAbout(front))).toEqual(only('Front', front));
    const of = await client.run<Record<string, unknown>>(askAbout(back));
    expect(of).toMatchObject({ front: null, event: null, playback: null, filtered: { total: 0 } });
    expect(JSON.stringify(of)).not.toContain('Back');
  });

  test('gets states and transitions of that camera only', async () => {
    const { secret } = await makeKey({ name: 'front desk', role: 'VIEWER', cameraIds: [front.cameraId] });
    const client = as(secret);
    const states = client.subscribe<{ cameraStateChanged: { name: string } }>(
      'subscription { cameraStateChanged { name } }',
    );
    expect((await states.next()).cameraStateChanged.name).toBe('Front');
    const refused = client.subscribe(
      `subscription { cameraStateChanged(cameraId: "${back.cameraId}") { name } }`,
    );
    await expect(refused.next()).rejects.toThrow('NOT_FOUND');
    const transitions = client.subscribe<{
      playbackStatusChanged: { playback: { camera: { name: string } } };
    }>(
      `subscription { playbackStatusChanged(after: "${Buffer.from('0 0').toString('base64url')}") { playback { camera { name } } } }`,
    );
    expect((await transitions.next()).playbackStatusChanged.playback.camera.name).toBe('Front');
    // Both cameras change, the other one first: the first change to arrive is that of the allowed camera.
    for (const { cameraId } of [back, front]) {
      await sql.query('UPDATE cameras SET state_since = now() WHERE id = $1', [cameraId]);
      await sql.query(
        `INSERT INTO playback_transitions (playback_id, from_status, to_status)
         SELECT id, 'PROCESSING', 'COMPLETED' FROM playbacks WHERE camera_id = $1`,
        [cameraId],
      );
    }
    expect((await states.next()).cameraStateChanged.name).toBe('Front');
    expect((await transitions.next()).playbackStatusChanged.playback.camera.name).toBe('Front');
  });

  test('can change nothing of other cameras', async () => {
    const { secret } = await makeKey({
      name: 'front operator',
      role: 'OPERATOR',
      cameraIds: [front.cameraId],
    });
    const client = as(secret);
    for (const text of [
      `createEvent(input: { cameraId: "${back.cameraId}", type: OTHER }) { event { id } }`,
      `endEvent(input: { id: "${back.eventId}" }) { event { id } }`,
      `renewEvent(input: { id: "${back.eventId}", leaseSec: 5 }) { event { id } }`,
      `startRecording(input: { cameraId: "${back.cameraId}" }) { playback { id } }`,
      `stopRecording(playbackId: "${back.playbackId}") { playback { id } }`,
      `retryPlayback(id: "${back.playbackId}") { playback { id } }`,
      `protectPlayback(id: "${back.playbackId}", reason: "mine") { playback { id } }`,
      `unprotectPlayback(id: "${back.playbackId}") { playback { id } }`,
    ]) {
      expect(await client.fail(`mutation { ${text} }`)).toMatchObject({ code: 'NOT_FOUND' });
    }
    await client.run(`mutation { deletePlayback(id: "${back.playbackId}") { id } }`);
    expect(await app.client.run(`{ playback(id: "${back.playbackId}") { id } }`)).toEqual({
      playback: { id: back.playbackId },
    });
  });

  test('cannot be an administrator’s, nor name a camera that does not exist', async () => {
    const input = { name: 'x', role: 'ADMIN', cameraIds: [front.cameraId] };
    expect((await app.client.fail(makeKeyText, { input })).code).toBe('BAD_USER_INPUT');
    const lost = { name: 'x', role: 'VIEWER', cameraIds: [nowhere] };
    expect((await app.client.fail(makeKeyText, { input: lost })).code).toBe('NOT_FOUND');
  });

  test('sees nothing after its camera was deleted', async () => {
    const cameraId = await app.addCamera(
      { name: 'Shed', rtspUrl: 'rtsp://127.0.0.1:9/none', preRollSec: 0 },
      'IDLE',
    );
    const { secret } = await makeKey({ name: 'shed', role: 'VIEWER', cameraIds: [cameraId] });
    await app.client.run('mutation($id: ID!) { deleteCamera(id: $id) { id } }', { id: cameraId });
    expect(await as(secret).run('{ cameras { id } playbacks { total } events { totalCount } }')).toEqual({
      cameras: [],
      playbacks: { total: 0 },
      events: { totalCount: 0 },
    });
  });
});

describe('an analytics service', () => {
  test('reads its own events with their playbacks, and no others', async () => {
    const client = as(secretOf('ANALYTICS'));
    const { cameras, ...own } = only('Front', front);
    expect(await client.run(askAbout(front))).toMatchObject(own);
    expect(await client.run(askAbout(back))).toMatchObject({
      front: { name: 'Back' },
      event: null,
      playback: null,
      filtered: { total: 0 },
      events: { totalCount: 1 },
    });
    expect(cameras).toHaveLength(1);
  });

  test('reports, renews and ends an event; another service can neither see nor end it, nor reuse its key', async () => {
    const [own, other] = [as(secretOf('ANALYTICS')), as(secretOf('OTHER'))];
    const text = 'mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } } }';
    const input = { cameraId: front.cameraId, type: 'OTHER', idempotencyKey: 'once', leaseSec: 60 };
    const { createEvent } = await own.run<{ createEvent: { event: { id: string } } }>(text, { input });
    const { id } = createEvent.event;
    expect(await own.run(text, { input })).toEqual({ createEvent: { event: { id } } });
    expect((await other.fail(text, { input })).code).toBe('CONFLICT');
    expect((await other.fail(`mutation { endEvent(input: { id: "${id}" }) { event { id } } }`)).code).toBe(
      'NOT_FOUND',
    );
    await own.run(`mutation { renewEvent(input: { id: "${id}", leaseSec: 60 }) { event { id } } }`);
    await own.run(`mutation { endEvent(input: { id: "${id}" }) { event { id } } }`);
  });

  test('keeps its events when its key is replaced by one of the same name', async () => {
    const { secret } = await makeKey({ name: 'analytics', role: 'ANALYTICS' });
    expect(await as(secret).run(`{ event(id: "${front.eventId}") { id } }`)).toEqual({
      event: { id: front.eventId },
    });
  });
});

describe('keys', () => {
  test('have 256 random bits that are shown once and stored nowhere', async () => {
    const { secret, apiKey } = await makeKey({ name: 'dashboard', role: 'VIEWER' });
    expect(Buffer.from(secret.replace(/^fb_/, ''), 'base64url')).toHaveLength(32);
    const { rows } = await sql.query('SELECT to_jsonb(api_keys)::text AS row FROM api_keys');
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.some(({ row }) => row.includes(secret) || row.includes(secret.slice(3)))).toBe(false);
    expect(app.logged.join('\n')).not.toContain(secret);
    const { apiKeys } = await app.client.run<{ apiKeys: { id: string }[] }>('{ apiKeys { id name role } }');
    expect(apiKeys).toContainEqual({ id: apiKey.id, name: 'dashboard', role: 'VIEWER' });
  });

  test('have the time of their last use', async () => {
    const { secret, apiKey } = await makeKey({ name: 'meter', role: 'VIEWER' });
    expect(apiKey.lastUsedAt).toBeNull();
    const before = Date.now();
    await as(secret).run('{ me { name } }');
    const used = await eventually(async () => {
      const { apiKeys } = await app.client.run<{ apiKeys: MadeKey['apiKey'][] }>(
        '{ apiKeys { id lastUsedAt } }',
      );
      return apiKeys.find(({ id }) => id === apiKey.id)?.lastUsedAt ?? undefined;
    });
    expect(Date.parse(used)).toBeGreaterThanOrEqual(before);
  });

  test('that are revoked are refused at once; their sockets and streams end within five seconds', async () => {
    const { secret, apiKey } = await makeKey({ name: 'gone', role: 'VIEWER' });
    const closed = closeOf(secret);
    // The Accept headers of GraphQL clients and of fetch, and others that mean the same.
    const streams = await Promise.all(
      ['text/event-stream', undefined, 'text/*', 'Text/Event-Stream'].map((accept) =>
        openStream(app.app.url, secret, accept ? { accept } : {}),
      ),
    );
    for (const { status, headers } of streams) {
      expect(status).toBe(200);
      expect(headers.get('content-type')).toBe('text/event-stream');
    }
    await as(secret).run('{ me { name } }');

    const revokedAt = Date.now();
    await revoke(apiKey.id);
    await revoke(apiKey.id);
    expect((await as(secret).fail('{ me { name } }')).code).toBe('UNAUTHENTICATED');
    // 4403: graphql-ws clients connect again, and are then refused with 4401.
    expect((await closed).code).toBe(4403);
    for (const stream of streams) await expect(stream.text()).rejects.toThrow();
    expect(Date.now() - revokedAt).toBeLessThan(5_000);
    expect((await closeOf(secret)).code).toBe(4401);
  });

  test('are refused after they expire, and their sockets are closed', async () => {
    const { secret } = await makeKey({
      name: 'guest',
      role: 'VIEWER',
      expiresAt: new Date(Date.now() + 1_500).toISOString(),
    });
    expect((await closeOf(secret)).code).toBe(4403);
    expect((await as(secret).fail('{ me { name } }')).code).toBe('UNAUTHENTICATED');
    const past = { name: 'x', role: 'VIEWER', expiresAt: '2020-01-01T00:00:00Z' };
    expect((await app.client.fail(makeKeyText, { input: past })).code).toBe('BAD_USER_INPUT');
  });

  test('can be made and revoked by the command line while the server runs', async () => {
    const run = (...args: string[]) =>
      promisify(execFile)(process.execPath, [program('src/key.ts'), ...args], {
        env: {
          PATH: process.env['PATH'],
          DATABASE_URL: app.config.databaseUrl,
          DATA_DIR: app.config.dataDir,
        },
      });
    const { stdout } = await run('create', 'shell', 'viewer', '--camera', front.cameraId);
    const client = as(stdout.trim());
    const me = await eventually(
      async () => (await client.ask<{ me: unknown }>('{ me { name role cameraIds } }')).data,
    );
    expect(me).toEqual({ me: { name: 'shell', role: 'VIEWER', cameraIds: [front.cameraId] } });
    const listed = (await run('list')).stdout.split('\n').find((line) => line.includes('shell'))!;
    await run('revoke', listed.split('\t')[0]!);
    await eventually(async () => (await client.ask('{ me { name } }')).errors);
    await expect(run('create', 'shell', 'king')).rejects.toThrow('Usage');
  }, 120_000);
});

describe('tokens of an OpenID provider', () => {
  test('are accepted with the right signature, issuer, audience and role', async () => {
    const client = as(await provider.token({}));
    expect(await client.run('{ me { name role } cameras { name } }')).toMatchObject({
      me: { name: 'jwt:alice', role: 'OPERATOR' },
    });
  });

  test.each([
    ['another audience', { aud: 'another' }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['an expiry in the past', { exp: Math.floor(Date.now() / 1_000) - 60 }],
    ['no known role', { realm: { roles: ['king'] } }],
    ['a role that equals a known one only in capitals', { realm: { roles: ['adm\u0131n'] } }],
    ['a role in mixed case', { realm: { roles: ['Admin'] } }],
    ['a role inside a list', { realm: { roles: [['admin']] } }],
    ['no subject', { sub: '' }],
    ['a subject that is no text', { sub: 5 }],
    ['no expiry', { exp: undefined }],
  ])('are refused with %s', async (_, claims) => {
    expect((await as(await provider.token(claims)).fail('{ me { name } }')).code).toBe('UNAUTHENTICATED');
  });

  test('are refused without a signature of the provider', async () => {
    const other = await generateKeyPair('ES256');
    const forged = await provider.token({}, other.privateKey);
    const [, payload] = (await provider.token({})).split('.');
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
    for (const token of [forged, none, `${none}AAAA`]) {
      expect((await as(token).fail('{ me { name } }')).code).toBe('UNAUTHENTICATED');
    }
  });

  test('with unusual subjects can report events, and each subject sees only its own', async () => {
    const long = 'x'.repeat(300);
    const subjects = ['a\u0000b', 'a\ud800b', 'a\ud801b', `${long}1`, `${long}2`, '\u{1f3a5}'.repeat(120)];
    const names = new Set<string>();
    for (const sub of subjects) {
      const client = as(await provider.token({ sub, realm: { roles: ['analytics'] } }));
      const input = { cameraId: front.cameraId, type: 'OTHER' };
      await client.run(
        'mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } } }',
        {
          input,
        },
      );
      const { me, events } = await client.run<{ me: { name: string }; events: { totalCount: number } }>(
        '{ me { name } events { totalCount } }',
      );
      expect(events.totalCount).toBe(1);
      names.add(me.name);
    }
    expect(names.size).toBe(subjects.length);
  });

  test('share no events with a key of the same name', async () => {
    const token = await provider.token({ sub: 'twin', realm: { roles: ['analytics'] } });
    const { me } = await as(token).run<{ me: { name: string } }>('{ me { name } }');
    const { secret } = await makeKey({ name: me.name, role: 'ANALYTICS' });
    const text = 'mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } } }';
    await as(token).run(text, { input: { cameraId: front.cameraId, type: 'OTHER' } });
    expect(await as(secret).run('{ events { totalCount } }')).toEqual({ events: { totalCount: 0 } });
  });

  test('are refused with a retry time while the provider does not answer, which is logged once', async () => {
    const away = await startProvider();
    const token = await away.token({});
    const { address, port } = away.at();
    await away.close();
    const own = await startTestApp({
      oidc: { jwksUrl: away.jwksUrl, issuer: away.issuer, audience: 'flashback', roleClaim: 'realm.roles' },
    });
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ query: '{ me { name } }' });
    const ask = () => fetch(`${own.app.url}/graphql`, { method: 'POST', headers, body });
    for (let i = 0; i < 5; i++) {
      const refused = await ask();
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toBe('2');
      expect(await refused.json()).toMatchObject({
        errors: [{ extensions: { code: 'CAPACITY', retryAfterMs: 2_000 } }],
      });
    }
    expect((await fetch(`${own.app.url}/metrics`, { headers })).status).toBe(503);
    const socket = new WebSocket(`${own.app.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: headers })));
    // 1013: graphql-ws clients connect again.
    expect(await new Promise((resolve) => socket.on('close', resolve))).toBe(1013);
    expect(own.logged.filter((line) => line.includes('OpenID provider does not answer'))).toHaveLength(1);
    expect(own.logged.join('\n')).not.toContain('"stack"');

    const back = await startProvider({ address, port });
    headers.authorization = `Bearer ${await back.token({ iss: away.issuer })}`;
    await eventually(async () => ((await ask()).status === 200 ? true : undefined));
    expect(own.logged.filter((line) => line.includes('OpenID provider answers again'))).toHaveLength(1);
    await own.close();
    await back.close();
  });

  test('do not count connections of clients that left while the provider was asked', async () => {
    const slow = await startProvider();
    const asked = slow.hold();
    const own = await startTestApp({
      oidc: { jwksUrl: slow.jwksUrl, issuer: slow.issuer, audience: 'flashback', roleClaim: 'realm.roles' },
      socketsPerKey: 2,
    });
    const token = await slow.token({});
    const socket = new WebSocket(`${own.app.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    socket.on('open', () => {
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
    });
    const leaving = new AbortController();
    const streamed = openStream(own.app.url, token, { accept: 'text/event-stream' }, leaving.signal);
    await asked;
    const left = new Promise((resolve) => socket.on('close', resolve));
    socket.terminate();
    leaving.abort();
    await expect(streamed).rejects.toThrow('abort');
    await left;
    // After another round trip, the server has noticed the closed connections.
    await fetch(`${own.app.url}/healthz`);
    slow.release();

    const sse = { accept: 'text/event-stream' };
    const streams = [await openStream(own.app.url, token, sse), await openStream(own.app.url, token, sse)];
    expect(streams.map(({ status }) => status)).toEqual([200, 200]);
    await Promise.all(streams.map(({ body }) => body?.cancel()));
    await own.close();
    await slow.close();
  });

  test('close their socket when they expire', async () => {
    const token = await provider.token({ exp: Math.floor(Date.now() / 1_000) + 2 });
    expect((await closeOf(token)).code).toBe(4403);
  });
});

describe('without any keys', () => {
  test('the server does not start if other machines can reach it', async () => {
    await expect(startTestApp({ host: '0.0.0.0' })).rejects.toThrow('there are no API keys');
  });

  test('this machine may do everything, which is logged; after the first key, requests need a key', async () => {
    const open = await startTestApp();
    try {
      expect(open.logged.join('\n')).toContain('there are no API keys');
      const socket = open.client.subscribe<{ cameraStateChanged: unknown }>(
        'subscription { cameraStateChanged { id } }',
      );
      const { createApiKey } = await open.client.run<{ createApiKey: MadeKey }>(makeKeyText, {
        input: { name: 'first', role: 'ADMIN' },
      });
      expect((await open.client.fail('{ cameras { id } }')).code).toBe('UNAUTHENTICATED');
      await expect(socket.next()).rejects.toMatchObject({ code: 4403 });
      // Revoking the last key must not open the server again.
      const admin = connectClient(open.app.url, createApiKey.secret);
      await admin.run('mutation($id: ID!) { revokeApiKey(id: $id) { apiKey { id } } }', {
        id: createApiKey.apiKey.id,
      });
      await admin.close();
      expect((await open.client.fail('{ cameras { id } }')).code).toBe('UNAUTHENTICATED');
    } finally {
      await open.close();
    }
  });
});

describe('links', () => {
  const secret = Buffer.alloc(32, 7);
  const options = { secret, ttlSec: 3_600, holds: () => true };
  const signerAt = (now: number) => createPathSigner({ ...options, now: () => now });
  const start = Date.UTC(2026, 0, 1);
  const rest = (path: string, route: string) => path.slice(route.length + 2);

  test('are valid for half an hour to an hour, for their object and all paths below it', () => {
    const path = signerAt(start).sign('live', 'abc', 'k1');
    expect(signerAt(start + 1_799_000).verify('live', rest(path, 'live'))).toBe('abc');
    expect(signerAt(start + 3_600_000).verify('live', rest(path, 'live'))).toBeUndefined();
    expect(signerAt(start).verify('live', `${rest(path, 'live')}/part1.m4s`)).toBe('abc/part1.m4s');
    // The same link within half an hour, so that browsers find the object in their cache.
    expect(signerAt(start + 60_000).sign('live', 'abc', 'k1')).toBe(path);
  });

  test('are refused with another holder, route, object, time or secret', () => {
    const signer = signerAt(start);
    const signed = rest(signer.sign('media', 'a/b.mp4', 'k1'), 'media');
    expect(signer.verify('media', signed)).toBe('a/b.mp4');
    expect(signer.verify('media', signed.replace('-k1-', '-k2-'))).toBeUndefined();
    expect(signer.verify('live', signed)).toBeUndefined();
    expect(signer.verify('media', signed.replace('a/b', 'a/c'))).toBeUndefined();
    expect(signer.verify('media', signed.replace(/^./, 'z'))).toBeUndefined();
    expect(signer.verify('media', 'a/b.mp4')).toBeUndefined();
    const another = createPathSigner({ ...options, secret: Buffer.alloc(32, 8), now: () => start });
    expect(another.verify('media', signed)).toBeUndefined();
  });

  test('are the addresses in the API; an object’s unsigned address is refused', async () => {
    const { playback } = await app.client.run<{ playback: { videoUrl: string } }>(
      `{ playback(id: "${front.playbackId}") { videoUrl } }`,
    );
    // 404 shows that the link was accepted: the store has no such object.
    expect((await fetch(playback.videoUrl)).status).toBe(404);
    const bare = playback.videoUrl.replace(/\/media\/[^/]+\//, '/media/');
    expect((await fetch(bare)).status).toBe(403);
    expect((await fetch(playback.videoUrl.replace('clip', 'other'))).status).toBe(403);
  });
});

describe('links end with their holder:', () => {
  const videoUrl = `{ playback(id: "PLAYBACK") { videoUrl } }`;
  const linkFor = async (client: TestClient) => {
    const { playback } = await client.run<{ playback: { videoUrl: string } }>(
      videoUrl.replace('PLAYBACK', front.playbackId),
    );
    return playback.videoUrl;
  };
  /** 404 shows that the link was accepted: the store has no such object. */
  const statusOf = async (link: string) => (await fetch(link)).status;

  test('at once when a key is revoked, and other keys’ links stay valid', async () => {
    const [gone, stays] = [
      await makeKey({ name: 'both', role: 'VIEWER' }),
      await makeKey({ name: 'both', role: 'VIEWER' }),
    ];
    const [hers, his] = [await linkFor(as(gone.secret)), await linkFor(as(stays.secret))];
    expect([await statusOf(hers), await statusOf(his)]).toEqual([404, 404]);
    await revoke(gone.apiKey.id);
    expect([await statusOf(hers), await statusOf(his)]).toEqual([403, 404]);
  });

  test('when a key or token expires', async () => {
    const expiresAt = new Date(Date.now() + 1_500).toISOString();
    const { secret } = await makeKey({ name: 'short', role: 'VIEWER', expiresAt });
    const token = await provider.token({ exp: Math.floor(Date.now() / 1_000) + 2 });
    const links = [await linkFor(as(secret)), await linkFor(as(token))];
    expect(await Promise.all(links.map(statusOf))).toEqual([404, 404]);
    for (const link of links)
      await eventually(async () => ((await statusOf(link)) === 403 ? true : undefined));
  });

  test('when a key is removed from API_KEYS; links do not contain the secret’s hash', async () => {
    const keyOf = (name: string) => ({ name, role: 'ADMIN' as const, secret: secretOf(name) });
    const apiKeys = [keyOf('one'), keyOf('two')];
    const own = await startTestApp({ apiKeys });
    const clients = apiKeys.map(({ secret }) => connectClient(own.app.url, secret));
    const { rows } = await withSql(own, (sql) =>
      sql.query(
        `WITH camera AS (INSERT INTO cameras (id, name, rtsp_url, enabled)
           VALUES (gen_random_uuid(), 'x', 'rtsp://127.0.0.1:9/', false) RETURNING id)
         INSERT INTO playbacks (id, camera_id, recording_status, storage_path, file_size_bytes)
         SELECT gen_random_uuid(), id, 'COMPLETED', id || '/2026-01-01/clip.mp4', 1 FROM camera RETURNING id`,
      ),
    );
    const text = videoUrl.replace('PLAYBACK', rows[0].id);
    const paths = await Promise.all(
      clients.map(async (client) => {
        const { playback } = await client.run<{ playback: { videoUrl: string } }>(text);
        return new URL(playback.videoUrl).pathname;
      }),
    );
    await Promise.all(clients.map((client) => client.close()));
    for (const path of paths) {
      for (const { secret } of apiKeys) {
        const hash = createHash('sha256').update(secret).digest();
        expect(path).not.toContain(hash.toString('hex').slice(0, 8));
      }
    }
    apiKeys.shift();
    await own.restart();
    const statuses = await Promise.all(paths.map((path) => statusOf(`${own.app.url}${path}`)));
    expect(statuses).toEqual([403, 404]);
    await own.close();
  });

  test('when the first key is made, for links from before', async () => {
    const open = await startTestApp();
    const { rows } = await withSql(open, (sql) =>
      sql.query(
        `WITH camera AS (INSERT INTO cameras (id, name, rtsp_url, enabled)
           VALUES (gen_random_uuid(), 'x', 'rtsp://127.0.0.1:9/', false) RETURNING id)
         INSERT INTO playbacks (id, camera_id, recording_status, storage_path, file_size_bytes)
         SELECT gen_random_uuid(), id, 'COMPLETED', id || '/2026-01-01/clip.mp4', 1 FROM camera RETURNING id`,
      ),
    );
    const { playback } = await open.client.run<{ playback: { videoUrl: string } }>(
      videoUrl.replace('PLAYBACK', rows[0].id),
    );
    expect(await statusOf(playback.videoUrl)).toBe(404);
    await open.client.run(makeKeyText, { input: { name: 'first', role: 'ADMIN' } });
    expect(await statusOf(playback.videoUrl)).toBe(403);
    await open.close();
  });

  test('two subscribers to one transition get different links', async () => {
    const made = [await makeKey({ name: 'a', role: 'VIEWER' }), await makeKey({ name: 'b', role: 'VIEWER' })];
    const text = 'subscription { playbackStatusChanged { to playback { id videoUrl } } }';
    const subscriptions = made.map(({ secret }) =>
      as(secret).subscribe<{
        playbackStatusChanged: { to: string; playback: { id: string; videoUrl: string } };
      }>(text),
    );
    const received = subscriptions.map(
      async (it) => (await it.next()).playbackStatusChanged.playback.videoUrl,
    );
    let isOver = false;
    void Promise.all(received).finally(() => {
      isOver = true;
    });
    // The server does not confirm a subscription, so transitions are written until both have one.
    await eventually(async () => {
      await sql.query(
        `INSERT INTO playback_transitions (playback_id, from_status, to_status) VALUES ($1, 'PROCESSING', 'COMPLETED')`,
        [front.playbackId],
      );
      return isOver || undefined;
    });
    const links = await Promise.all(received);
    await revoke(made[0]!.apiKey.id);
    expect(await Promise.all(links.map(statusOf))).toEqual([403, 404]);
  });
});

async function withSql<T>(of: TestApp, work: (sql: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: of.config.databaseUrl! });
  await client.connect();
  return work(client).finally(() => client.end());
}

async function eventually<T>(look: () => Promise<T | null | undefined>): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== null) return seen;
    if (Date.now() > deadline) throw new Error('The condition was not met within ten seconds.');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

interface Provider {
  jwksUrl: string;
  issuer: string;
  token(claims: Record<string, unknown>, key?: CryptoKey): Promise<string>;
  /** Delays the answer to requests for keys until `release`. @returns resolves when the first request comes */
  hold(): Promise<void>;
  release(): void;
  at(): { address: string; port: number };
  close(): Promise<void>;
}

/** An OpenID provider as a resource server sees it: public keys and tokens. */
async function startProvider(at = { address: '127.0.0.1', port: 0 }): Promise<Provider> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  let released = Promise.resolve();
  let release = () => {};
  let ask = () => {};
  const server: Server = createServer(async (_request, response) => {
    ask();
    await released;
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => server.listen(at.port, at.address, resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    jwksUrl: `${issuer}/jwks`,
    token(claims, key = privateKey) {
      const exp = Math.floor(Date.now() / 1_000) + 600;
      const payload = {
        sub: 'alice',
        iss: issuer,
        aud: 'flashback',
        exp,
        realm: { roles: ['x', 'operator'] },
      };
      const defined = Object.entries({ ...payload, ...claims }).filter(([, value]) => value !== undefined);
      return new SignJWT(Object.fromEntries(defined))
        .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
        .sign(key);
    },
    hold() {
      released = new Promise((resolve) => {
        release = resolve;
      });
      return new Promise((resolve) => {
        ask = resolve;
      });
    },
    release: () => release(),
    at: () => server.address() as AddressInfo,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
