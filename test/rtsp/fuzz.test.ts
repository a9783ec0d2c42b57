// A camera may send anything: the RTSP client's parsers throw only their own errors, end, and do not grow. Each failure
// names its seed, which reproduces it. For the full million, set `mutations` to 1_000_000 (some eight minutes).
import { afterAll, expect, test } from 'vitest';
import { frame } from '../../src/demo/rtsp/interleaved.ts';
import { parseStreamUrl } from '../../src/domain/stream-url.ts';
import { Authenticator } from '../../src/rtsp/authenticator.ts';
import { baseUrl, controlUrl } from '../../src/rtsp/control-url.ts';
import { RtspError } from '../../src/rtsp/errors.ts';
import { Framer } from '../../src/rtsp/framer.ts';
import { maxBodyBytes, maxHeadBytes, parseHead } from '../../src/rtsp/message.ts';
import { parseSdp } from '../../src/rtsp/sdp.ts';
import { openSession } from '../../src/rtsp/session.ts';
import { parseTransport } from '../../src/rtsp/transport.ts';
import { Turns } from '../../src/rtsp/turns.ts';
import { rtpPacket, scriptedSdp, startScriptedCamera } from '../support/camera/scripted-camera.ts';

const mutations = 20_000;
const timeoutMs = 600_000;
const firstSeed = 19;

/** Numbers below `limit`, the same for the same seed (xorshift32). */
function randomOf(seed: number): (limit: number) => number {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

const sign = Buffer.from('$\r\n\r\n\0\x80\xff"=,;:/ 4294967296-1RTSP/1.0 200', 'latin1');

/** A copy of one of the originals with one to eight changes. */
function mutate(originals: readonly Buffer[], random: (limit: number) => number): Buffer {
  const pick = () => originals[random(originals.length)]!;
  let bytes = Buffer.from(pick());
  for (let changes = 1 + random(8); changes > 0; changes--) {
    const at = random(bytes.length + 1);
    const length = random(12);
    const rest = bytes.subarray(at + length);
    switch (random(6)) {
      case 0:
        if (at < bytes.length) bytes[at]! ^= 1 << random(8);
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), rest]);
        break;
      case 2: {
        const from = random(sign.length);
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          sign.subarray(from, from + length),
          bytes.subarray(at),
        ]);
        break;
      }
      case 3: {
        const other = pick();
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(random(other.length))]);
        break;
      }
      case 4:
        bytes = Buffer.concat([bytes, bytes.subarray(at, at + 400)]).subarray(0, 20_000);
        break;
      default:
        if (at < bytes.length) bytes[at] = random(256);
    }
  }
  return bytes;
}

const answers = [
  'RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE\r\nContent-Length: 4\r\n\r\nbody',
  'RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: Digest realm="a", nonce="b", qop="auth"\r\n\r\n',
  'OPTIONS rtsp://x/ RTSP/1.0\r\nCSeq: 3\r\n\r\n',
  `RTSP/1.0 200 OK\r\nContent-Base: rtsp://10.0.0.1/live/\r\nContent-Length: ${scriptedSdp.length}\r\n\r\n${scriptedSdp}`,
].map((text) => Buffer.from(text));
const frames = [
  frame(0, rtpPacket(96, 1, 60)),
  frame(1, rtpPacket(72, 2, 12)),
  frame(9, Buffer.alloc(300, 0x24)),
];
const connections = [
  Buffer.concat([...answers, ...frames]),
  Buffer.concat([frames[0]!.subarray(0, 30), answers[0]!, frames[0]!.subarray(30), ...frames]),
  ...answers,
  ...frames,
];
const descriptions = [
  scriptedSdp,
  'v=0\r\nm=video 0 RTP/AVP 96 97\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0IA==,aM4=\r\na=framesize:96 1920-1080\r\na=control:rtsp://x/1\r\nm=audio 0 RTP/SAVP 97\r\na=rtpmap:97 mpeg4-generic/16000/2\r\na=sendonly\r\n',
].map((text) => Buffer.from(text));
const headers = [
  'Digest realm="a \\"b\\"", nonce="c", algorithm=SHA-256, qop="auth,auth-int", stale=true, Basic realm="x"',
  'RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=1234;mode="PLAY"',
  'RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001',
  'rtsp://user:password@[2001:db8::1]:554/live/?a=1',
  '10.0.0.1:554/live/',
].map((text) => Buffer.from(text));

function newFramer(): Framer {
  return new Framer({
    onFrame: (_channel, buffer, from, to) => {
      if (from < 0 || from > to || to > buffer.length) throw new Error('A frame lies outside its buffer.');
    },
    onMessage: () => {},
    isChannel: (channel) => channel < 4,
    isAwaited: (sequence) => sequence === undefined || sequence === 1,
  });
}

const refused = /announced with \d+ bytes/;

test(
  `${mutations} mutated connections are split into frames and messages`,
  () => {
    let framer = newFramer();
    let refusals = 0;
    const before = process.memoryUsage().arrayBuffers;
    for (let seed = firstSeed; seed < firstSeed + mutations; seed++) {
      const random = randomOf(seed);
      const bytes = mutate(connections, random);
      const step = 1 + random(bytes.length + 1);
      try {
        for (let at = 0; at < bytes.length; at += step)
          framer.push(bytes, at, Math.min(at + step, bytes.length));
        if (random(50) === 0) framer = newFramer();
      } catch (error) {
        // Such a connection is closed.
        if (!refused.test((error as Error).message)) throw new Error(`Seed ${seed}`, { cause: error });
        refusals++;
        framer = newFramer();
      }
    }
    expect(refusals).toBeLessThan(mutations / 10);
    globalThis.gc?.();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 2 ** 20);
  },
  timeoutMs,
);

test('a framer keeps no more than one message, whatever arrives', () => {
  const framer = newFramer();
  const random = randomOf(firstSeed);
  const endless = [
    Buffer.from('RTSP/1.0 200 OK\r\nX: '),
    Buffer.from('a'.repeat(1000)),
    Buffer.from('$\x00\xff\xff\x80'),
  ];
  let most = 0;
  for (let i = 0; i < 20_000; i++) {
    const bytes = Buffer.from(endless[random(endless.length)]!);
    framer.push(bytes, 0, bytes.length);
    most = Math.max(most, framer.keptBytes);
  }
  expect(most).toBeGreaterThan(maxHeadBytes / 2);
  expect(most).toBeLessThanOrEqual(maxHeadBytes + maxBodyBytes);
});

test(
  `${mutations} mutated descriptions and headers are read`,
  () => {
    for (let seed = firstSeed; seed < firstSeed + mutations; seed++) {
      const random = randomOf(seed);
      try {
        const { tracks } = parseSdp(mutate(descriptions, random).toString('latin1'));
        if (tracks.length > 32) throw new Error('Too many tracks.');
        for (const { control } of tracks) controlUrl('rtsp://h/live', control);
        const header = mutate(headers, random).toString('latin1');
        parseTransport(header);
        parseHead(header);
        const base = baseUrl(header, 'rtsp://h/live');
        if (/[\s\0]/.test(controlUrl(base, header))) throw new Error('A URL holds white space.');
        const authenticator = new Authenticator('user', 'password');
        let tries = 0;
        while (authenticator.challenge(header, tries > 0, tries > 1)) {
          if (/[\r\n]/.test(authenticator.authorize('PLAY', base) ?? ''))
            throw new Error('A header has two lines.');
          if (++tries > 3) throw new Error('A wrong password is tried again and again.');
        }
      } catch (error) {
        throw new Error(`Seed ${seed}`, { cause: error });
      }
    }
  },
  timeoutMs,
);

const uncaught: unknown[] = [];
const onUncaught = (error: unknown) => uncaught.push(error);
process.on('unhandledRejection', onUncaught);
afterAll(() => {
  process.off('unhandledRejection', onUncaught);
});

test('sessions with mutated answers play, or end with a reason', async () => {
  let seed = firstSeed;
  const camera = await startScriptedCamera({
    answer: (request, usual, peer) => {
      const random = randomOf(seed++);
      if (random(3) > 0) return usual;
      const answer = [
        `RTSP/1.0 ${usual.status} OK`,
        `CSeq: ${request.headers.get('cseq')}`,
        ...Object.entries(usual.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
        `Content-Length: ${Buffer.byteLength(usual.body ?? '')}`,
      ].join('\r\n');
      const raw = mutate([Buffer.from(`${answer}\r\n\r\n${usual.body ?? ''}`)], random);
      return { ...usual, raw, ...(random(10) === 0 && { afterwards: () => peer.socket.destroy() }) };
    },
  });
  let played = 0;
  const open = async () => {
    try {
      const session = await openSession({
        onSetUp: () => {},
        address: parseStreamUrl(camera.url.replace('://', '://user:password@')),
        transport: 'TCP',
        tls: { mode: 'PINNED', fingerprint: undefined },
        privateCameras: true,
        turns: new Turns(),
        choose: (tracks) => tracks,
        onPacket: () => {},
        onControlPacket: () => {},
        signal: AbortSignal.timeout(150),
      });
      played++;
      await session.close();
    } catch (error) {
      if (!(error instanceof RtspError)) throw error;
    }
  };
  for (let i = 0; i < 3; i++) await Promise.all(Array.from({ length: 70 }, open));
  await camera.close();
  expect(uncaught).toEqual([]);
  expect(played).toBeGreaterThan(0);
}, 30_000);
