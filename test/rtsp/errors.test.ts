// Each reason why a camera cannot be read, as lastError and testCamera show it.
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { parseStreamUrl } from '../../src/domain/stream-url.ts';
import { RtspError, type RtspErrorKind, rtspErrorKinds } from '../../src/rtsp/errors.ts';
import { openSession } from '../../src/rtsp/session.ts';
import { Turns } from '../../src/rtsp/turns.ts';

/** The message of each kind for the detail D. A new kind must be added here. */
const words: Readonly<Record<RtspErrorKind, string>> = {
  NAME_NOT_FOUND: 'The camera’s host name D.',
  ADDRESS_FORBIDDEN: 'The camera’s address D is not a public one, which PRIVATE_CAMERAS=false forbids.',
  CONNECTION_REFUSED: 'Nothing listens at the camera’s address (connection refused).',
  UNREACHABLE: 'The camera cannot be reached over the network.',
  NO_ANSWER: 'The camera did not answer in time (D).',
  CLOSED: 'The camera closed the connection.',
  SESSION_LOST: 'The camera no longer knows the session (454 Session Not Found).',
  NOT_RTSP: 'What listens at the camera’s address and port does not speak RTSP.',
  HTTP: 'A web server answers at the camera’s port; RTSP through HTTP tunnels is not supported.',
  BROKEN: 'The camera’s answer cannot be read: D',
  TLS_NEEDED: 'The camera expects TLS at this port: its address has to begin with rtsps://.',
  TLS_MISSING: 'The camera does not speak TLS at this port: its address has to begin with rtsp://.',
  TLS_OLD: 'The camera speaks only TLS 1.0 or 1.1, which is allowed only if the camera’s settings say so.',
  TLS_CHANGED:
    'The camera’s certificate has changed (SHA-256 D). If that is right, accept the new certificate.',
  TLS_UNTRUSTED: 'The camera’s certificate is not trusted (D).',
  TLS_FAILED: 'The encrypted connection to the camera failed (D).',
  CREDENTIALS_MISSING:
    'The camera asks for a user name and a password, and its address has none (401 Unauthorized).',
  CREDENTIALS_REFUSED: 'The camera refused the user name or the password (401 Unauthorized).',
  CREDENTIALS_UNKNOWN: 'The camera asks for a kind of password check that is not supported (D).',
  ACCESS_REFUSED: 'The camera refused access (403 Forbidden).',
  NOT_FOUND: 'The camera knows no stream at this path (404 Not Found).',
  SESSIONS_FULL: 'The camera allows no further session (453 Not Enough Bandwidth).',
  TRANSPORT_REFUSED: 'The camera does not send over D (461 Unsupported Transport).',
  ENCRYPTED: 'The camera sends encrypted media (SRTP), which Flashback does not read itself.',
  REFUSED: 'The camera refused D.',
  FAULTY: 'The camera failed at D.',
  NO_TRACKS: 'The camera offers no picture and no sound.',
  REDIRECTS: 'The camera redirected more than three times.',
  REDIRECT_WRONG: 'The camera redirected to an address that is not followed: D',
  ABANDONED: 'Flashback gave up the connection to the camera.',
};

test.each(rtspErrorKinds)('%s has a message', (kind) => {
  expect(new RtspError(kind, 'D').message).toBe(words[kind]);
});

test('a text from the camera is shown in one line of at most 200 characters', () => {
  const { message } = new RtspError('BROKEN', `a\r\nb\0${'c'.repeat(500)}`);
  expect(message).toBe(`The camera’s answer cannot be read: a b ${'c'.repeat(196)}`);
});

/** The statuses of RFC 2326, 7.1.1, those of HTTP that cameras use, and some that are undefined. */
const statuses: Readonly<Record<string, string>> = {
  '201 Created': 'The camera refused DESCRIBE (201 Created).',
  '250 Low on Storage Space': 'The camera refused DESCRIBE (250 Low on Storage Space).',
  '300 Multiple Choices': 'The camera refused DESCRIBE (300 Multiple Choices).',
  '304 Not Modified': 'The camera refused DESCRIBE (304 Not Modified).',
  '400 Bad Request': 'The camera refused DESCRIBE (400 Bad Request).',
  '402 Payment Required': 'The camera refused DESCRIBE (402 Payment Required).',
  '403 Forbidden': words.ACCESS_REFUSED,
  '404 Not Found': words.NOT_FOUND,
  '404 Stream Not Found': words.NOT_FOUND,
  '405 Method Not Allowed': 'The camera refused DESCRIBE (405 Method Not Allowed).',
  '406 Not Acceptable': 'The camera refused DESCRIBE (406 Not Acceptable).',
  '410 Gone': 'The camera refused DESCRIBE (410 Gone).',
  '415 Unsupported Media Type': 'The camera refused DESCRIBE (415 Unsupported Media Type).',
  '429 Too Many Requests': 'The camera refused DESCRIBE (429 Too Many Requests).',
  '451 Parameter Not Understood': 'The camera refused DESCRIBE (451 Parameter Not Understood).',
  '453 Not Enough Bandwidth': words.SESSIONS_FULL,
  '454 Session Not Found': words.SESSION_LOST,
  '455 Method Not Valid In This State': 'The camera refused DESCRIBE (455 Method Not Valid In This State).',
  '500 Internal Server Error': 'The camera failed at DESCRIBE (500 Internal Server Error).',
  '501 Not Implemented': 'The camera failed at DESCRIBE (501 Not Implemented).',
  '503 Service Unavailable': 'The camera failed at DESCRIBE (503 Service Unavailable).',
  '503 ': 'The camera failed at DESCRIBE (503).',
  '551 Option not supported': 'The camera failed at DESCRIBE (551 Option not supported).',
  '599 Whatever': 'The camera failed at DESCRIBE (599 Whatever).',
  '401 Unauthorized\r\nWWW-Authenticate: Digest realm="a", nonce="b"': words.CREDENTIALS_MISSING,
  '301 Moved\r\nLocation: http://192.0.2.1/': expect.stringMatching(
    /^The camera redirected to an address that is not followed: The address does not begin with rtsp:/,
  ),
  '302 Found': expect.stringMatching(/^The camera redirected to an address that is not followed: ./),
};

test.each(Object.entries(statuses))('an answer of %s to DESCRIBE has a message', async (status, reason) => {
  const server = createServer((socket) => {
    socket.on('error', () => {}); // the client may have disconnected
    socket.on('data', (bytes) => {
      const [, method, cseq] = /^(\w+)[\s\S]*CSeq: (\d+)/.exec(bytes.toString('latin1'))!;
      const answer = method === 'DESCRIBE' ? status : '200 OK';
      socket.write(`RTSP/1.0 ${answer}\r\nCSeq: ${cseq}\r\n\r\n`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const opening = openSession({
    address: parseStreamUrl(`rtsp://127.0.0.1:${port}/`),
    transport: 'AUTO',
    tls: { mode: 'PINNED', fingerprint: undefined, allowOldTls: false },
    privateCameras: true,
    turns: new Turns(),
    choose: (tracks) => tracks,
    onSetUp: () => {},
    onPacket: () => {},
    onControlPacket: () => {},
    signal: new AbortController().signal,
  });
  await expect(opening).rejects.toMatchObject({ message: reason });
  server.close();
});
