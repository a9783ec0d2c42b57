// The RTSP client with a camera of this project's own server: its requests, the received data, and its end.
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { parseStreamUrl } from '../../src/domain/stream-url.ts';
import { RtspClient } from '../../src/rtsp/client.ts';
import { dial, race } from '../../src/rtsp/dial.ts';
import { digestResponse, parseChallenges } from '../../src/rtsp/digest.ts';
import { RtspError } from '../../src/rtsp/errors.ts';
import type { RtspRequest } from '../../src/rtsp/message.ts';
import { openSession, type RtspSession, type SessionOptions } from '../../src/rtsp/session.ts';
import { Turns } from '../../src/rtsp/turns.ts';
import { startTestCamera, type TestCamera, type TestCameraOptions } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { certificate, otherCertificate } from '../support/camera/certificates.ts';
import {
  type Reply,
  rtpPacket,
  type Script,
  type ScriptedCamera,
  scriptedSdp,
  startScriptedCamera,
} from '../support/camera/scripted-camera.ts';
import { program } from '../support/processes/program.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Opened {
  session: RtspSession;
  /** Payload bytes by track. */
  packets: Map<string, number>;
  controls: Map<string, number>;
}

async function camera(options: Partial<TestCameraOptions> = {}): Promise<TestCamera> {
  const started = await startTestCamera({ capture: await capture({ audio: 'aac', gopSec: 1 }), ...options });
  closing.push(() => started.close());
  return started;
}

async function open(url: string, options: Partial<SessionOptions> = {}): Promise<Opened> {
  const [packets, controls] = [new Map<string, number>(), new Map<string, number>()];
  const count = (counts: Map<string, number>, kind: string) => counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const session = await openSession({
    onSetUp: () => {},
    address: parseStreamUrl(url),
    transport: 'AUTO',
    tls: { mode: 'PINNED', fingerprint: undefined },
    privateCameras: true,
    turns: new Turns(),
    choose: (tracks) => tracks,
    onPacket: ({ kind }) => count(packets, kind),
    onControlPacket: ({ kind }) => count(controls, kind),
    signal: new AbortController().signal,
    ...options,
  });
  closing.push(() => session.close());
  return { session, packets, controls };
}

test('it plays picture and sound, and TEARDOWN ends the session', async () => {
  const source = await camera();
  const { session, packets, controls } = await open(source.url);
  expect(session.tracks).toMatchObject([
    { index: 0, kind: 'video', encoding: 'H264', clockRate: 90_000 },
    { index: 1, kind: 'audio', encoding: 'MPEG4-GENERIC', channels: 1 },
  ]);
  expect(session.tracks[0]!.fmtp.get('packetization-mode')).toBe('1');
  await expect.poll(() => [...packets.keys()].sort()).toEqual(['audio', 'video']);
  await expect.poll(() => controls.size).toBe(2);
  await session.close();
  expect((await session.ended).kind).toBe('ABANDONED');
  expect(source.requests.map(({ method, status }) => `${method} ${status}`)).toEqual([
    'OPTIONS 200',
    'DESCRIBE 200',
    'SETUP 200',
    'SETUP 200',
    'PLAY 200',
    'TEARDOWN 200',
  ]);
});

test('packets are read in turns, then by events again; the end is reported in both cases', async () => {
  for (const ways of [[true], [true, false]]) {
    const source = await camera();
    const { session, packets } = await open(source.url);
    await expect.poll(() => packets.size).toBe(2);
    for (const way of ways) {
      session.readInTurns(way);
      const before = packets.get('video')!;
      await expect.poll(() => packets.get('video')!).toBeGreaterThan(before + 20);
    }
    source.drop();
    expect((await session.ended).kind).toBe('CLOSED');
  }
});

test.each(['basic', 'digest'] as const)('%s: any password is proved, a wrong one reported', async (auth) => {
  const users = { 'us"er\\': 'p:a/s?s#w@o%rd é', blank: '' };
  const source = await camera({ auth, users });
  for (const [user, password] of Object.entries(users)) {
    const { session } = await open(source.urlAs(user, password));
    await session.close();
  }
  await expect(open(source.urlAs('blank', 'x'))).rejects.toMatchObject({
    kind: 'CREDENTIALS_REFUSED',
    refusesCredentials: true,
  });
  await expect(open(source.url)).rejects.toMatchObject({ kind: 'CREDENTIALS_MISSING' });
});

async function scripted(script: Script = {}): Promise<ScriptedCamera> {
  const started = await startScriptedCamera(script);
  closing.push(() => started.close());
  return started;
}

const methodsOf = ({ requests }: ScriptedCamera) => requests.map(({ method }) => method);
const withUser = (url: string, user = 'admin', password = 'secret') =>
  url.replace('://', `://${encodeURIComponent(user)}:${encodeURIComponent(password)}@`);
const on =
  (method: string, reply: (request: RtspRequest) => Reply): NonNullable<Script['answer']> =>
  (request, usual) =>
    request.method === method ? reply(request) : usual;

test('answers that come byte by byte, without a reason and with a spaced CSeq are understood', async () => {
  const source = await scripted({
    splits: true,
    answer: (request, usual) => ({
      ...usual,
      reason: '',
      headers: { CSeq: undefined, 'cseq ': `   ${request.headers.get('cseq')}  `, ...usual.headers },
    }),
  });
  const { session } = await open(source.url);
  expect(session.tracks.map(({ encoding }) => encoding)).toEqual(['H264', 'PCMU']);
});

test.each([
  ['without', undefined],
  ['always the same', '1'],
])('answers with %s CSeq are matched in order', async (_name, sequence) => {
  const source = await scripted({
    answer: (_request, usual) => ({ ...usual, headers: { CSeq: sequence, ...usual.headers } }),
  });
  await open(source.url);
  expect(methodsOf(source)).toEqual(['OPTIONS', 'DESCRIBE', 'SETUP', 'SETUP', 'PLAY']);
});

test.each([400, 405, 501, 551])(
  'OPTIONS may be refused with %i, even if the camera then closes the connection',
  async (status) => {
    const source = await scripted({
      answer: (request, usual, peer) =>
        request.method === 'OPTIONS'
          ? { status, headers: { Connection: 'close' }, afterwards: () => peer.socket.end() }
          : usual,
    });
    await open(source.url);
    expect(methodsOf(source)).toEqual(['OPTIONS', 'DESCRIBE', 'SETUP', 'SETUP', 'PLAY']);
  },
);

interface DigestScript {
  algorithm?: string;
  qop?: string;
  alsoBasic?: boolean;
  /** Refuses a right Digest, as some cameras do that offer both schemes. */
  takesBasicAlone?: boolean;
  /** Each nonce is valid for one request. */
  rotates?: boolean;
  saysStale?: boolean;
  closes?: boolean;
}

/** Requires admin's password, which is `secret`. */
function guarded(script: DigestScript): NonNullable<Script['answer']> {
  const { algorithm, qop, alsoBasic, takesBasicAlone, rotates, saysStale, closes } = script;
  let nonce = 'nonce0';
  let count = 0;
  return (request, usual, peer) => {
    const header = request.headers.get('authorization') ?? '';
    const [sent] = parseChallenges(header.startsWith('Basic') ? '' : header);
    const field = (name: string) => sent?.parameters.get(name) ?? '';
    const expected = digestResponse({
      algorithm: algorithm ?? 'MD5',
      ...{
        user: 'admin',
        realm: 'a "realm"',
        password: 'secret',
        method: request.method,
        uri: request.url,
        nonce,
      },
      clientNonce: field('cnonce'),
      qop: qop === undefined ? undefined : { count: field('nc'), clientNonce: field('cnonce') },
    });
    const isDigest = !takesBasicAlone && field('response') === expected && field('nonce') === nonce;
    const isBasic = alsoBasic && header === `Basic ${Buffer.from('admin:secret').toString('base64')}`;
    if (isDigest || isBasic) {
      if (rotates) nonce = `nonce${++count}`;
      return usual;
    }
    const stale = saysStale && sent ? ', stale=true' : '';
    const digest = `Digest realm="a \\"realm\\"", nonce="${nonce}"${algorithm ? `, algorithm=${algorithm}` : ''}${qop ? `, qop="${qop}"` : ''}${stale}, opaque="x"`;
    return {
      status: 401,
      headers: { 'WWW-Authenticate': alsoBasic ? `Basic realm="x", ${digest}` : digest },
      ...(closes && { afterwards: () => peer.socket.end() }),
    };
  };
}

const digests: [string, DigestScript][] = [
  ['MD5 without qop', {}],
  ['MD5 named, with qop', { algorithm: 'MD5', qop: 'auth-int,auth' }],
  ['MD5-sess', { algorithm: 'MD5-sess', qop: 'auth' }],
  ['MD5-sess without qop', { algorithm: 'MD5-sess' }],
  ['SHA-256', { algorithm: 'SHA-256', qop: 'auth' }],
  ['SHA-256-sess', { algorithm: 'SHA-256-sess', qop: 'auth' }],
  ['a nonce for each request', { rotates: true, qop: 'auth' }],
  ['a nonce for each request, called stale', { rotates: true, saysStale: true }],
  ['Basic offered beside it', { alsoBasic: true }],
  ['Basic offered beside it and alone taken', { alsoBasic: true, takesBasicAlone: true }],
  ['a connection that ends with each 401', { closes: true }],
];
test.each(digests)('Digest: %s', async (_name, script) => {
  const source = await scripted({ answer: guarded(script) });
  const { session } = await open(withUser(source.url));
  await session.close();
  expect(source.told.at(-1)).toBe('TEARDOWN 200');
  expect(source.told.filter((told) => told === 'PLAY 200')).toHaveLength(1);
});

test.each(digests)('a wrong password is refused after two tries at most: %s', async (_name, script) => {
  const source = await scripted({ answer: guarded(script) });
  const refused = open(withUser(source.url, 'admin', 'wrong'));
  await expect(refused).rejects.toMatchObject({ kind: 'CREDENTIALS_REFUSED', refusesCredentials: true });
  expect(source.requests.filter(({ headers }) => headers.has('authorization')).length).toBeLessThanOrEqual(2);
});

test('an unknown authentication scheme is named in the error', async () => {
  const reply = {
    status: 401,
    headers: { 'WWW-Authenticate': 'Digest realm="x", nonce="y", algorithm=SHA-512-256' },
  };
  const source = await scripted({ answer: on('OPTIONS', () => reply) });
  await expect(open(withUser(source.url))).rejects.toThrow('not supported (digest SHA-512-256)');
});

test('redirects are followed, with the password, at most three times', async () => {
  const target = await scripted({ answer: guarded({}) });
  const hop = (to: string, status = 302) =>
    scripted({ answer: on('DESCRIBE', () => ({ status, headers: { Location: to } })) });
  const near = await hop(target.url, 307);
  const middle = await hop(near.url, 305);
  const far = await hop(middle.url, 301);
  const { session } = await open(withUser(far.url));
  expect(session.tracks).toHaveLength(2);
  const tooFar = await hop(far.url);
  await expect(open(withUser(tooFar.url))).rejects.toMatchObject({ kind: 'REDIRECTS' });
});

test('a redirect is not followed to something else than a camera, nor out of an encrypted connection', async () => {
  const hop = (to: string | undefined, script: Script = {}) =>
    scripted({ ...script, answer: on('DESCRIBE', () => ({ status: 302, headers: { Location: to } })) });
  for (const to of [undefined, 'http://127.0.0.1/', 'file:///etc/passwd', 'nonsense']) {
    await expect(open((await hop(to)).url)).rejects.toMatchObject({ kind: 'REDIRECT_WRONG' });
  }
  const plain = await scripted();
  const encrypted = await hop(plain.url, { tls: certificate });
  await expect(open(encrypted.url)).rejects.toMatchObject({ kind: 'REDIRECT_WRONG' });
  expect(plain.requests).toEqual([]);
});

test('Basic is not sent to another host than that of the address', async () => {
  const target = await scripted({
    answer: () => ({ status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } }),
  });
  const source = await scripted({
    answer: on('DESCRIBE', () => ({ status: 302, headers: { Location: target.url } })),
  });
  const url = withUser(source.url).replace('127.0.0.1', 'localhost');
  await expect(open(url)).rejects.toMatchObject({ kind: 'CREDENTIALS_UNKNOWN' });
  expect(target.requests.every(({ headers }) => !headers.has('authorization'))).toBe(true);
});

test('if private addresses are forbidden, they are not connected to', async () => {
  const source = await scripted();
  const closed = { privateCameras: false };
  await expect(open(source.url, closed)).rejects.toMatchObject({ kind: 'ADDRESS_FORBIDDEN' });
  const named = source.url.replace('127.0.0.1', 'localhost');
  await expect(open(named, closed)).rejects.toMatchObject({ kind: 'ADDRESS_FORBIDDEN' });
  expect(source.requests).toEqual([]);
});

test('the target of a redirect is checked like the first address', async () => {
  const source = await scripted();
  // Only the first port is allowed: no address of this machine is public.
  const client = new RtspClient({
    address: parseStreamUrl(source.url),
    pin: undefined,
    turns: new Turns(),
    onFrame: () => {},
    signal: new AbortController().signal,
    dial: ({ host, port }) =>
      dial({
        host,
        port,
        tls: undefined,
        privateCameras: port === source.port,
        signal: AbortSignal.timeout(5000),
      }),
  });
  closing.push(() => client.leave());
  await client.request('OPTIONS', client.sessionUrl, {}, 5000);
  client.redirect('rtsp://127.0.0.1:9/');
  const next = client.request('OPTIONS', client.sessionUrl, {}, 5000);
  await expect(next).rejects.toMatchObject({ kind: 'ADDRESS_FORBIDDEN' });
});

test.each([
  [
    'Content-Base that is wrong',
    404,
    (url: string) => url.includes('/live?x=1/v') || url.includes('/live?x=1/a'),
  ],
  ['Content-Base that is wrong, told by 454', 454, (url: string) => /live\?x=1\/[av]$/.test(url)],
])('the base is the address itself: %s', async (_name, status, isRight) => {
  const source = await scripted({
    answer: (request, usual) => {
      if (request.method === 'DESCRIBE')
        return { ...usual, headers: { 'Content-Base': 'rtsp://10.0.0.9/other/' } };
      return request.method === 'SETUP' && !isRight(request.url) ? { status } : usual;
    },
  });
  const { session } = await open(source.url);
  expect(session.tracks).toHaveLength(2);
  expect(source.requests.find(({ method }) => method === 'SETUP')!.url).toBe('rtsp://10.0.0.9/other/v');
  expect(source.requests.at(-1)!.url).toBe(source.url);
});

test.each([404, 461, 500])('a SETUP that is refused with %i costs only its track', async (status) => {
  const source = await scripted({
    answer: (request, usual) =>
      request.method === 'SETUP' && request.url.endsWith('/a') ? { status } : usual,
  });
  const { session } = await open(source.url, { transport: 'TCP' });
  expect(session.tracks.map(({ kind }) => kind)).toEqual(['video']);
});

interface UdpCamera extends ScriptedCamera {
  /** Sends to the client's RTP or RTCP port of a track, from the ports that SETUP named. */
  send(track: string, isControl: boolean, bytes: Buffer): void;
  /** What arrived at its RTP and RTCP ports. */
  readonly received: Buffer[][];
}

/** A camera that sends only over UDP; with `lies`, from other ports than it states. */
async function udpCamera(lies = false): Promise<UdpCamera> {
  const received: Buffer[][] = [[], []];
  const sockets = await Promise.all(
    received.map(async (list) => {
      const socket = createSocket('udp4').on('message', (bytes) => list.push(bytes));
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      closing.push(async () => socket.close());
      return socket;
    }),
  );
  const named = lies ? '9-9' : sockets.map((socket) => socket.address().port).join('-');
  const ports = new Map<string, number>();
  const source = await scripted({
    answer: (request, usual) => {
      if (request.method !== 'SETUP') return usual;
      const port = /client_port=(\d+)/.exec(request.headers.get('transport') ?? '')?.[1];
      if (port === undefined) return { status: 461 };
      ports.set(request.url.slice(-1), Number(port));
      const Transport = `RTP/AVP;unicast;client_port=${port}-${Number(port) + 1};server_port=${named}`;
      return { ...usual, headers: { ...usual.headers, Transport } };
    },
  });
  const send = (track: string, isControl: boolean, bytes: Buffer) =>
    sockets[Number(isControl)]!.send(bytes, ports.get(track)! + Number(isControl), '127.0.0.1');
  return { ...source, received, send };
}

test.each(['AUTO', 'UDP'] as const)('%s uses UDP if the camera refuses TCP', async (transport) => {
  const source = await udpCamera();
  const { session, packets, controls } = await open(source.url, { transport });
  expect(session.transport).toBe('UDP');
  expect(session.tracks).toHaveLength(2);
  expect(source.told.filter((told) => told === 'SETUP 461')).toHaveLength(transport === 'AUTO' ? 1 : 0);
  // A datagram to the camera's ports opens firewalls on the path.
  await expect.poll(() => source.received.map(({ length }) => length)).toEqual([2, 2]);
  for (let i = 0; i < 10; i++) source.send('v', false, rtpPacket(96, i));
  source.send('v', true, Buffer.alloc(8));
  source.send('a', false, rtpPacket(0, 0));
  await expect.poll(() => Object.fromEntries(packets)).toEqual({ video: 10, audio: 1 });
  await expect.poll(() => controls.get('video')).toBe(1);
  session.sendControlPacket(session.tracks[0]!, Buffer.from('report'));
  await expect.poll(() => source.received[1]!.at(-1)!.toString()).toBe('report');
  await session.close();
  expect(source.told.at(-1)).toBe('TEARDOWN 200');
});

test('the camera’s first datagram shows its port, and datagrams from others are dropped', async () => {
  const source = await udpCamera(true);
  const { session, packets, controls } = await open(source.url);
  source.send('v', false, rtpPacket(96, 1));
  await expect.poll(() => packets.get('video')).toBe(1);
  const other = createSocket('udp4');
  const port = Number(
    /client_port=(\d+)/.exec(
      source.requests
        .find(({ headers }) => /client_port/.test(headers.get('transport') ?? ''))!
        .headers.get('transport')!,
    )![1],
  );
  await new Promise((resolve) => other.send(rtpPacket(96, 2), port, '127.0.0.1', resolve));
  other.close();
  source.send('v', false, rtpPacket(96, 3));
  source.send('a', false, rtpPacket(0, 1));
  await expect.poll(() => packets.get('audio')).toBe(1);
  await expect.poll(() => packets.get('video')).toBe(2);
  expect(source.received).toEqual([[], []]);
  source.send('v', true, Buffer.alloc(8));
  await expect.poll(() => controls.get('video')).toBe(1);
  session.sendControlPacket(session.tracks[0]!, Buffer.from('report'));
  await expect.poll(() => source.received[1]!.at(-1)?.toString()).toBe('report');
});

test('if one track plays over TCP, a refused track is not requested over UDP', async () => {
  const source = await scripted({
    answer: (request, usual) =>
      request.method === 'SETUP' && request.url.endsWith('/a') ? { status: 461 } : usual,
  });
  const { session } = await open(source.url);
  expect(session.transport).toBe('TCP');
  expect(session.tracks.map(({ kind }) => kind)).toEqual(['video']);
});

test('a camera that refuses TCP for every track cannot be opened with the transport TCP', async () => {
  const source = await scripted({ answer: on('SETUP', () => ({ status: 461 })) });
  await expect(open(source.url, { transport: 'TCP' })).rejects.toMatchObject({ kind: 'TRANSPORT_REFUSED' });
  const other = await scripted({
    sdp: scriptedSdp.replaceAll('RTP/AVP', 'RTP/SAVP'),
    answer: on('SETUP', () => ({ status: 461 })),
  });
  await expect(open(other.url, { transport: 'TCP' })).rejects.toMatchObject({ kind: 'ENCRYPTED' });
});

test('the camera may choose the channels, and packets on others are ignored', async () => {
  const channels: Record<string, string> = { v: '10', a: '12-13' };
  const source = await scripted({
    answer: (request, usual, peer) => {
      const Transport = `RTP/AVP;interleaved=${channels[request.url.slice(-1)]}`;
      if (request.method === 'SETUP') return { ...usual, headers: { ...usual.headers, Transport } };
      if (request.method !== 'PLAY') return usual;
      const afterwards = () => {
        for (const channel of [0, 1, 2, 99, 10, 11, 12, 12, 13, 13, 13])
          peer.packet(channel, rtpPacket(96, channel));
      };
      return { ...usual, afterwards };
    },
  });
  const { packets, controls } = await open(source.url);
  await expect.poll(() => controls.get('audio')).toBe(3);
  expect(Object.fromEntries(packets)).toEqual({ video: 1, audio: 2 });
  expect(controls.get('video')).toBe(1);
});

test('packets before the answer to PLAY are kept; those before PLAY are of another session', async () => {
  const source = await scripted({
    answer: (request, usual, peer) => {
      if (request.method === 'SETUP' || request.method === 'PLAY') peer.packet(0);
      return usual;
    },
  });
  const { packets } = await open(source.url);
  expect(packets.get('video')).toBe(1);
});

test('garbage between frames is counted, and requests of the camera are answered', async () => {
  const source = await scripted({
    answer: (request, usual, peer) => {
      if (request.method !== 'PLAY') return usual;
      return {
        ...usual,
        afterwards: () => {
          peer.packet(0);
          peer.socket.write('\0\0nonsense');
          peer.packet(0);
          for (const method of ['OPTIONS', 'GET_PARAMETER', 'ANNOUNCE']) {
            peer.socket.write(`${method} ${request.url} RTSP/1.0\r\nCSeq: 1\r\n\r\n`);
          }
        },
      };
    },
  });
  const { packets, session } = await open(source.url);
  await expect.poll(() => source.told.slice(-3)).toEqual(['answer 200', 'answer 200', 'answer 501']);
  expect(packets.get('video')).toBe(2);
  expect(session.garbageBytes).toBe(10);
});

test('tracks that cannot be played together are played one by one', async () => {
  const source = await scripted({
    answer: (request, usual) =>
      request.method === 'PLAY' && !/\/[av]$/.test(request.url) ? { status: 459 } : usual,
  });
  await open(source.url);
  expect(source.told.filter((told) => told.startsWith('PLAY'))).toEqual(['PLAY 459', 'PLAY 200', 'PLAY 200']);
});

test('if the session’s name changes, requests use the newest name', async () => {
  let sessions = 0;
  const source = await scripted({
    answer: (request, usual) =>
      request.method === 'SETUP'
        ? { ...usual, headers: { ...usual.headers, Session: `name${++sessions};timeout=60` } }
        : usual,
  });
  await open(source.url);
  expect(source.requests.at(-1)!.headers.get('session')).toBe('name2');
});

test.each([
  ['GET_PARAMETER', []],
  ['OPTIONS', ['GET_PARAMETER']],
  ['SET_PARAMETER', ['GET_PARAMETER', 'OPTIONS']],
] as const)(
  'a sign of life is given at half the timeout, by %s where that is what the camera takes',
  async (taken, refused) => {
    const source = await scripted({
      answer: (request, usual, peer) => {
        if (request.method === 'SETUP')
          return { ...usual, headers: { ...usual.headers, Session: '12345678;timeout=1' } };
        return peer.hasSession && (refused as readonly string[]).includes(request.method)
          ? { status: 501 }
          : usual;
      },
    });
    const { session } = await open(source.url);
    const before = source.requests.length;
    const expected = [...refused.map((method) => `${method} 501`), `${taken} 200`, `${taken} 200`];
    await expect.poll(() => source.told.slice(before), { timeout: 5000 }).toEqual(expected);
    expect(source.requests.at(-1)!.headers.get('session')).toBe('12345678');
    await session.close();
  },
);

test('TEARDOWN is sent if the opening fails or is aborted after a SETUP, and is awaited for at most 1 s', async () => {
  const failing = await scripted({ answer: on('PLAY', () => ({ status: 500 })) });
  await expect(open(failing.url)).rejects.toMatchObject({ kind: 'FAULTY' });
  expect(failing.told.at(-1)).toBe('TEARDOWN 200');

  const silent = await scripted({
    answer: (request, usual) => (['PLAY', 'TEARDOWN'].includes(request.method) ? undefined : usual),
  });
  const control = new AbortController();
  const opening = open(silent.url, { signal: control.signal });
  await expect.poll(() => silent.told.at(-1)).toBe('PLAY none');
  const at = performance.now();
  control.abort();
  await expect(opening).rejects.toMatchObject({ kind: 'ABANDONED' });
  expect(performance.now() - at).toBeLessThan(1500);
  await expect.poll(() => silent.peers.size).toBe(0);
});

test('when the camera closes the connection, the session ends with CLOSED', async () => {
  const source = await scripted();
  const { session } = await open(source.url);
  for (const { socket } of source.peers) socket.destroy();
  expect((await session.ended).kind).toBe('CLOSED');
  await session.close();
});

test.each([
  ['PINNED', undefined],
  ['ANY', undefined],
  ['ANY', 'AB:CD'],
] as const)('TLS %s with the pin %s accepts a self-signed certificate', async (mode, fingerprint) => {
  const source = await scripted({ tls: certificate });
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  const { session, packets } = await open(source.url, { tls: { mode, fingerprint } });
  expect(session.tlsFingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  const [peer] = source.peers;
  for (let i = 0; i < 1000; i++) peer!.packet(0, rtpPacket(96, i, 1400));
  await expect.poll(() => packets.get('video')).toBe(1000);
  expect(session.garbageBytes).toBe(0);
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});

test('a changed certificate is an error under PINNED, and the camera gets its name (SNI)', async () => {
  const source = await scripted({ tls: certificate });
  const named = source.url.replace('127.0.0.1', 'localhost');
  const { session } = await open(named);
  expect([...source.peers][0]!.servername).toBe('localhost');
  const pinned = {
    mode: 'PINNED' as const,
    fingerprint: session.tlsFingerprint!.toLowerCase().replaceAll(':', ''),
  };
  await open(named, { tls: pinned });
  const other = await scripted({ tls: otherCertificate });
  await expect(open(other.url, { tls: pinned })).rejects.toMatchObject({ kind: 'TLS_CHANGED' });
  expect(other.requests).toEqual([]);
});

test('the error names what is wrong with a certificate or a TLS version', async () => {
  const source = await scripted({ tls: certificate });
  const verify = { mode: 'VERIFY' as const, fingerprint: undefined };
  await expect(open(source.url, { tls: verify })).rejects.toThrow('DEPTH_ZERO_SELF_SIGNED_CERT');
  const old = await scripted({
    tls: { ...certificate, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' },
  });
  await expect(open(old.url)).rejects.toMatchObject({ kind: 'TLS_OLD' });
  await open(old.url, { tls: { mode: 'PINNED', fingerprint: undefined, allowOldTls: true } });
});

test('VERIFY accepts a trusted certificate for the name, and refuses another name', async () => {
  const source = await scripted({ tls: certificate });
  const folder = await mkdtemp(path.join(tmpdir(), 'flashback-'));
  closing.push(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'ca.pem');
  await writeFile(file, certificate.cert);
  // Node.js reads additional trusted certificates only when it starts.
  const script = (host: string) => `
    import { dial, race } from '${program('src/rtsp/dial.ts')}';
    const lookup = async () => [{ address: '127.0.0.1', family: 4 }];
    const tls = { mode: 'VERIFY', fingerprint: undefined };
    const signal = AbortSignal.timeout(8000);
    dial({ host: '${host}', port: ${source.port}, tls, privateCameras: true, lookup, signal }).then(
      ({ socket }) => { console.log('open'); socket.destroy(); },
      (error) => console.log(error.kind, error.message),
    );`;
  const told = async (host: string) => {
    const args = ['--input-type=module', '--eval', script(host)];
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: file };
    return (await promisify(execFile)(process.execPath, args, { env })).stdout.trim();
  };
  expect(await told('camera.test')).toBe('open');
  expect(await told('127.0.0.1')).toBe('open');
  expect(await told('other.test')).toContain('TLS_UNTRUSTED');
});

test('TLS to a server without TLS, and the reverse, are reported', async () => {
  // The alert with which OpenSSL and GnuTLS answer what is not a handshake (RFC 8446, 6).
  const encrypted = await startRaw(Buffer.from([0x15, 3, 1, 0, 2, 2, 0x46]));
  await expect(open(`rtsp://127.0.0.1:${encrypted}/`)).rejects.toMatchObject({ kind: 'TLS_NEEDED' });
  const plain = await startRaw('RTSP/1.0 400 Bad Request\r\n\r\n');
  await expect(open(`rtsps://127.0.0.1:${plain}/`)).rejects.toMatchObject({ kind: 'TLS_MISSING' });
});

test.each([
  ['HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n', 'HTTP'],
  ['SSH-2.0-OpenSSH_9.2\r\n'.repeat(300), 'NOT_RTSP'],
  ['RTSP/1.0 200 OK\r\nContent-Length: 999999\r\n\r\n', 'BROKEN'],
  ['', 'CLOSED'],
])('a server that does not answer like a camera is reported (%#)', async (bytes, kind) => {
  const port = await startRaw(bytes);
  await expect(open(`rtsp://127.0.0.1:${port}/`)).rejects.toMatchObject({ kind });
});

/** A port that answers any first bytes with these, and then closes the connection. */
async function startRaw(bytes: string | Buffer): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(bytes));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => server.close());
  return (server.address() as AddressInfo).port;
}

test('an address that does not answer does not delay the try of the next one', async () => {
  const source = await scripted();
  const silent = new Socket();
  const { socket, address } = await race(['192.0.2.1', '127.0.0.1'], new AbortController().signal, (host) =>
    host === '127.0.0.1' ? connect(source.port, host) : silent,
  );
  socket.destroy();
  expect(address).toBe('127.0.0.1');
  expect(silent.destroyed).toBe(true);
});

test('of several addresses, one that answers is used', async () => {
  const source = await scripted();
  // 192.0.2.0/24 is for documentation (RFC 5737): nothing answers, or there is no route.
  const lookup = async () => [
    { address: '2001:db8::1', family: 6 },
    { address: '192.0.2.1', family: 4 },
    { address: '127.0.0.1', family: 4 },
  ];
  const signal = new AbortController().signal;
  const options = {
    host: 'camera.test',
    port: source.port,
    tls: undefined,
    privateCameras: true,
    lookup,
    signal,
  };
  const { socket, address } = await dial(options);
  socket.destroy();
  expect(address).toBe('127.0.0.1');
  const closed = dial({
    ...options,
    privateCameras: false,
    lookup: async () => [{ address: '10.0.0.1', family: 4 }],
  });
  await expect(closed).rejects.toEqual(new RtspError('ADDRESS_FORBIDDEN', '10.0.0.1'));
});

/** The message for everything that a camera or the network can do. */
const reasons: [string, () => Promise<string>, string][] = [
  ...(
    [
      [400, 'The camera refused DESCRIBE (400 Word).'],
      [403, 'The camera refused access (403 Forbidden).'],
      [404, 'The camera knows no stream at this path (404 Not Found).'],
      [453, 'The camera allows no further session (453 Not Enough Bandwidth).'],
      [454, 'The camera no longer knows the session (454 Session Not Found).'],
      [500, 'The camera failed at DESCRIBE (500 Word).'],
      [503, 'The camera failed at DESCRIBE (503 Word).'],
    ] as const
  ).map(([status, words]): [string, () => Promise<string>, string] => [
    `DESCRIBE ${status}`,
    async () => (await scripted({ answer: on('DESCRIBE', () => ({ status })) })).url,
    words,
  ]),
  [
    'nobody listens',
    async () => {
      const source = await startScriptedCamera();
      await source.close();
      return source.url;
    },
    'Nothing listens at the camera’s address (connection refused).',
  ],
  [
    'no such name',
    async () => 'rtsp://camera.invalid/',
    'The camera’s host name camera.invalid cannot be found (ENOTFOUND).',
  ],
  [
    'no track',
    async () => (await scripted({ sdp: 'v=0\r\nm=application 0 RTP/AVP 107\r\n' })).url,
    'The camera offers no picture and no sound.',
  ],
  [
    'a password is asked for',
    async () => (await scripted({ answer: guarded({}) })).url,
    'The camera asks for a user name and a password, and its address has none (401 Unauthorized).',
  ],
  [
    'a wrong password',
    async () => withUser((await scripted({ answer: guarded({}) })).url, 'admin', ''),
    'The camera refused the user name or the password (401 Unauthorized).',
  ],
  [
    'no SETUP is answered well',
    async () => (await scripted({ answer: on('SETUP', () => ({ status: 453 })) })).url,
    'The camera allows no further session (453 Not Enough Bandwidth).',
  ],
  [
    'neither TCP nor UDP',
    async () => (await scripted({ answer: on('SETUP', () => ({ status: 461 })) })).url,
    'The camera does not send over TCP or UDP (461 Unsupported Transport).',
  ],
  [
    'it closes instead of answering',
    async () =>
      (
        await scripted({
          answer: (_request, usual, peer) => ({ ...usual, raw: '', afterwards: () => peer.socket.destroy() }),
        })
      ).url,
    'The camera closed the connection.',
  ],
];
test.each(reasons)('the reason has a message: %s', async (_name, url, words) => {
  await expect(open(await url())).rejects.toMatchObject({ message: words });
});
