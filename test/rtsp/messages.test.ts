// The parsers of the RTSP client, with input that cameras in the field have sent.
import { expect, test } from 'vitest';
import { frame } from '../../src/demo/rtsp/interleaved.ts';
import { isPublicAddress } from '../../src/domain/public-address.ts';
import { parseStreamUrl } from '../../src/domain/stream-url.ts';
import { baseUrl, controlUrl, requestUrl } from '../../src/rtsp/control-url.ts';
import { digestResponse, parseChallenges } from '../../src/rtsp/digest.ts';
import { Framer } from '../../src/rtsp/framer.ts';
import { isAnswer, type RtspMessage } from '../../src/rtsp/message.ts';
import { parseSdp } from '../../src/rtsp/sdp.ts';
import { parseTransport } from '../../src/rtsp/transport.ts';
import { rtpPacket } from '../support/camera/scripted-camera.ts';

interface Received {
  told: string[];
  garbageBytes: number;
}

/** What a framer returns for the bytes in pieces of `step` bytes. Channels 0 to 3 are known. */
function receive(bytes: Buffer, step: number, awaited: readonly number[] = []): Received {
  const told: string[] = [];
  const framer = new Framer({
    onFrame: (channel, buffer, from, to) => told.push(`${channel}:${buffer.toString('hex', from, to)}`),
    onMessage: (message) => told.push(describe(message)),
    isChannel: (channel) => channel < 4,
    isAwaited: (sequence) => (sequence === undefined ? awaited.length > 0 : awaited.includes(sequence)),
  });
  // One buffer for all reads, as sockets have it: the framer must copy what it keeps.
  const shared = Buffer.alloc(step);
  for (let at = 0; at < bytes.length; at += step) {
    framer.push(shared, 0, bytes.copy(shared, 0, at, Math.min(at + step, bytes.length)));
  }
  return { told, garbageBytes: framer.garbageBytes };
}

const describe = (message: RtspMessage) =>
  `${isAnswer(message) ? message.status : message.method} ${message.headers.get('cseq') ?? ''} ${message.body}`.trim();
const told = (channel: number, packet: Buffer) => `${channel}:${packet.toString('hex')}`;

test('a session that is cut at any byte gives the same frames and messages', () => {
  const packets = [rtpPacket(96, 1, 300), rtpPacket(96, 2, 12), rtpPacket(0, 3, 1400)];
  const bytes = Buffer.concat([
    Buffer.from('RTSP/1.0 200\r\nCSeq:  7 \r\nContent-Length: 4\r\n\r\nbody'),
    frame(0, packets[0]!),
    frame(1, packets[1]!),
    Buffer.from('OPTIONS rtsp://x/ RTSP/1.0\nCSeq: 1\n\n'),
    frame(9, packets[1]!),
    frame(2, Buffer.alloc(0)),
    frame(2, packets[2]!),
  ]);
  const expected = [
    '200 7 body',
    told(0, packets[0]!),
    told(1, packets[1]!),
    'OPTIONS 1',
    told(9, packets[1]!),
    '2:',
    told(2, packets[2]!),
  ];
  for (let step = 1; step <= 400; step++) {
    expect(receive(bytes, step), `in pieces of ${step}`).toEqual({ told: expected, garbageBytes: 0 });
  }
  expect(receive(bytes, bytes.length).told).toEqual(expected);
});

test('bytes that are neither frame nor message are skipped and counted', () => {
  const packet = rtpPacket(96, 1, 40);
  const garbage = Buffer.from('\r\n$\x07zz$$\x00\x00\x10GARBAGE RTSP/ R', 'latin1');
  // A camera that lost the end of a frame: the frame takes the missing bytes from the next one.
  const cut = frame(0, packet).subarray(0, 20);
  const bytes = Buffer.concat([
    frame(0, packet),
    garbage,
    frame(0, packet),
    cut,
    frame(1, packet),
    frame(2, packet),
  ]);
  for (const step of [1, 7, 64, bytes.length]) {
    const received = receive(bytes, step);
    expect(received.told.filter((one) => one === told(0, packet))).toHaveLength(2);
    expect(received.told.at(-1)).toBe(told(2, packet));
    expect(received.garbageBytes).toBeGreaterThanOrEqual(garbage.length);
    expect(received.garbageBytes).toBeLessThan(garbage.length + frame(1, packet).length);
  }
});

test('an answer in the middle of a frame is found, and the frame is whole', () => {
  const [packet, other] = [rtpPacket(96, 1, 200), rtpPacket(96, 2, 50)];
  const whole = frame(0, packet);
  const answer = Buffer.from('RTSP/1.0 200 OK\r\nCSeq: 5\r\nSession: 1\r\nContent-Length: 2\r\n\r\nhi');
  for (const at of [4, 5, 100, 203]) {
    const bytes = Buffer.concat([whole.subarray(0, at), answer, whole.subarray(at), frame(1, other)]);
    for (const step of [1, 3, 90, bytes.length]) {
      const expected = ['200 5 hi', told(0, packet), told(1, other)];
      expect(receive(bytes, step, [5]), `at ${at}, in pieces of ${step}`).toEqual({
        told: expected,
        garbageBytes: 0,
      });
    }
  }
  // An answer to no request is part of the picture.
  const inside = Buffer.concat([rtpPacket(96, 1, 20), answer]);
  expect(receive(frame(0, inside), 16, [6]).told).toEqual([told(0, inside)]);
});

test('a message that is longer than any camera’s is refused', () => {
  expect(() => receive(Buffer.from('RTSP/1.0 200 OK\r\nContent-Length: 70000\r\n\r\n'), 64)).toThrow('70000');
});

test.each([
  ['MD5', true, '8ca523f5e9506fed4657c9700eebdbec'],
  ['SHA-256', true, '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
])('Digest with %s agrees with RFC 7616, 3.9.1', (algorithm, _hasQop, response) => {
  const clientNonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';
  const input = {
    user: 'Mufasa',
    realm: 'http-auth@example.org',
    password: 'Circle of Life',
    nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
    method: 'GET',
    uri: '/dir/index.html',
    clientNonce,
    qop: { count: '00000001', clientNonce },
  };
  expect(digestResponse({ ...input, algorithm })).toBe(response);
});

test('Digest without qop, and with -sess, follows the formulas of the RFC', () => {
  const input = {
    user: 'Mufasa',
    realm: 'testrealm@host.com',
    password: 'Circle Of Life',
    nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
    method: 'GET',
    uri: '/dir/index.html',
    clientNonce: '0a4f113b',
    qop: undefined,
  };
  // By Python's hashlib: md5(md5(user:realm:password):nonce:md5(GET:/dir/index.html)), and the same with the RFC's A1.
  expect(digestResponse({ ...input, algorithm: 'MD5' })).toBe('670fd8c2df070c60b045671b8b24ff02');
  expect(digestResponse({ ...input, algorithm: 'md5-SESS' })).toBe('4726bc10c33fa6cb357eb27807b1cce8');
  expect(digestResponse({ ...input, algorithm: 'SHA-512-256' })).toBeUndefined();
});

test('challenges are distinguished, in whatever form they are written', () => {
  const header =
    'Digest realm="a, \\"b\\"", nonce=abc, qop="auth,auth-int" , stale=FALSE, Basic realm="x", Bearer';
  expect(
    parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]),
  ).toEqual([
    ['digest', { realm: 'a, "b"', nonce: 'abc', qop: 'auth,auth-int', stale: 'FALSE' }],
    ['basic', { realm: 'x' }],
    ['bearer', {}],
  ]);
});

const asked = 'rtsp://camera.test:8554/live?a=1';
test.each([
  [undefined, asked],
  ['', asked],
  ['rtsp://camera.test:8554/live/', 'rtsp://camera.test:8554/live/'],
  ['RTSP://10.0.0.5/live/', 'rtsp://10.0.0.5/live/'],
  ['rtsp://rtsp://10.0.0.5/live/', 'rtsp://10.0.0.5/live/'],
  ['10.0.0.5:554/live/', 'rtsp://10.0.0.5:554/live/'],
  ['/other/', 'rtsp://camera.test:8554/other/'],
  ['rtsp://fe80::1:554/live/', 'rtsp://camera.test:8554/live/'],
  ['rtsp://[2001:db8::1]:554/live/', 'rtsp://[2001:db8::1]:554/live/'],
  ['rtsp://user:secret@10.0.0.5/live/', 'rtsp://10.0.0.5/live/'],
  ['rtsp:// broken', asked],
  ['/live/\rX: y', asked],
  ['nonsense', asked],
])('Content-Base %s means %s', (given, expected) => {
  expect(baseUrl(given, asked)).toBe(expected);
});

test.each([
  ['rtsp://h/live', undefined, 'rtsp://h/live'],
  ['rtsp://h/live', '*', 'rtsp://h/live'],
  ['rtsp://h/live', 'track1', 'rtsp://h/live/track1'],
  ['rtsp://h/live/', 'track1', 'rtsp://h/live/track1'],
  ['rtsp://h/live?a=1', 'track1', 'rtsp://h/live?a=1/track1'],
  ['rtsp://h/live', '?track=1', 'rtsp://h/live?track=1'],
  ['rtsp://h/live', 'rtsp://u:p@other/live/1', 'rtsp://other/live/1'],
  ['rtsp://h/live', 'track\r\nX: y', 'rtsp://h/live'],
])('relative to %s the control %s means %s', (base, control, expected) => {
  expect(controlUrl(base, control)).toBe(expected);
});

test('requests name the host as it was given, without the password', () => {
  const url = (text: string) => requestUrl(parseStreamUrl(text));
  expect(url('RTSP://u:p@camera.test/a?b=c')).toBe('rtsp://camera.test/a?b=c');
  expect(url('rtsps://camera.test:322/a')).toBe('rtsps://camera.test/a');
  expect(url('rtsp://[2001:db8::1]:8554/a')).toBe('rtsp://[2001:db8::1]:8554/a');
});

test.each([
  ['RTP/AVP/TCP;unicast;interleaved=4-5', [4, 5], undefined, false],
  ['RTP/AVP/TCP;interleaved=2;ssrc=1', [2, 3], undefined, false],
  ['RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001', undefined, [6000, 6001], true],
  ['RTP/AVP/TCP;interleaved=300-301', undefined, undefined, false],
  ['', undefined, undefined, false],
])('Transport %s is understood', (header, channels, serverPorts, isDatagram) => {
  expect(parseTransport(header)).toEqual({ channels, serverPorts, isDatagram });
});

test('a description is read however many errors it has', () => {
  const text = [
    'garbage before',
    'v=0  ',
    's=',
    'c=IN IP4',
    'a=control:*  ',
    'm=video 0/2 RTP/AVP  96 97 ',
    'a=rtpmap:96  h264/90000',
    'a=framesize:96 1920-1080',
    'a=sendonly',
    'm=audio 0 RTP/SAVP 97',
    'a=control: trackID=2',
    'a=fmtp:96 Packetization-Mode=1; sprop-parameter-sets=Z0IA==,aM4=;empty',
    'a=rtpmap:97 mpeg4-generic/16000/2',
    'a=fmtp:97',
    'm=application 0 RTP/AVP 107',
    'a=control:meta?x=1',
    'm=broken',
    'm=audio 0 RTP/AVP 8',
    'm=video 0 RTP/AVP 96',
    'a=rtpmap:96 H265/0',
    'a=x-dimensions:640,360',
  ].join('\n\r');
  const { control, tracks } = parseSdp(text);
  expect(control).toBe('*');
  expect(tracks.map(({ fmtp, ...rest }) => ({ ...rest, fmtp: Object.fromEntries(fmtp) }))).toEqual([
    {
      index: 0,
      kind: 'video',
      encoding: 'H264',
      payloadType: 96,
      clockRate: 90_000,
      channels: 1,
      fmtp: { 'packetization-mode': '1', 'sprop-parameter-sets': 'Z0IA==,aM4=', empty: '' },
      isSendOnly: true,
      isEncrypted: false,
      width: 1920,
      height: 1080,
      control: undefined,
    },
    expect.objectContaining({
      encoding: 'MPEG4-GENERIC',
      clockRate: 16_000,
      channels: 2,
      fmtp: {},
      isEncrypted: true,
      control: 'trackID=2',
    }),
    expect.objectContaining({ kind: 'other', control: 'meta?x=1' }),
    expect.objectContaining({ kind: 'audio', encoding: 'PCMA', clockRate: 8000 }),
    expect.objectContaining({ encoding: 'H265', clockRate: 90_000, width: 640, height: 360 }),
  ]);
  expect(parseSdp('').tracks).toEqual([]);
});

test('only addresses of the public network count as public', () => {
  const others = [
    ...['0.0.0.0', '10.0.0.1', '100.64.0.1', '127.0.0.1', '169.254.169.254', '172.16.0.1', '192.168.1.1'],
    ...['192.0.0.8', '198.18.0.1', '198.19.255.255', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
    ...[
      '::',
      '::1',
      '::10.0.0.1',
      '::8.8.8.8',
      '::808:808',
      '4000::1',
      '::ffff:10.0.0.1',
      '::ffff:7f00:1',
      '64:ff9b::a00:1',
      '64:ff9b:1::1',
    ],
    ...[
      '2002:a00:1::1',
      'fc00::1',
      'fd12::1',
      'fe80::1',
      'fe80::1%eth0',
      'fec0::1',
      'ff02::1',
      'camera.test',
      '',
    ],
  ];
  expect(others.filter(isPublicAddress)).toEqual([]);
  const open = [
    '8.8.8.8',
    '172.32.0.1',
    '100.128.0.1',
    '198.20.0.1',
    '2606:4700::1',
    '2a00:1450::1',
    '::ffff:8.8.8.8',
  ];
  expect(open.filter((address) => !isPublicAddress(address))).toEqual([]);
});
