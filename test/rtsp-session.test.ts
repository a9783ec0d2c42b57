// The RTSP client against a camera of this project's own server: what it asks, what it is given, how it ends.
import { afterEach, expect, test } from 'vitest';
import { parseStreamUrl } from '../src/domain/stream-url.ts';
import { openSession, type RtspSession, type SessionOptions } from '../src/rtsp/session.ts';
import { startTestCamera, type TestCamera, type TestCameraOptions } from './support/camera.ts';
import { capture } from './support/captures.ts';

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
    address: parseStreamUrl(url),
    transport: 'AUTO',
    tls: { mode: 'PINNED', fingerprint: undefined },
    privateCameras: true,
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

test.each(['basic', 'digest'] as const)('%s: any password is proved, a wrong one is told', async (auth) => {
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
