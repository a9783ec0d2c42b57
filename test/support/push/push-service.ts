// A push service over HTTP, with the browsers that subscribe at it: they decrypt what they are sent (RFC 8291, 4).
import { createDecipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A browser with its keys. */
export interface Subscriber {
  /** The input of savePushSubscription. */
  readonly input: { readonly endpoint: string; readonly p256dh: string; readonly auth: string };
  /** Its messages so far, decrypted. */
  messages(): Record<string, string>[];
  readonly received: readonly Received[];
  /** The status with which the service answers from now on; 201 at first. */
  answers: number;
}

export interface PushService {
  readonly origin: string;
  subscribe(): Subscriber;
  close(): Promise<void>;
}

export async function startPushService(): Promise<PushService> {
  const mailboxes = new Map<string, { received: Received[]; subscriber: Subscriber }>();
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const mailbox = mailboxes.get(request.url!);
    const status = request.method === 'POST' && mailbox ? mailbox.subscriber.answers : 404;
    mailbox?.received.push({ headers: request.headers, body: Buffer.concat(chunks) });
    response.writeHead(status, status === 301 ? { location: '/elsewhere' } : {}).end('an answer');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    subscribe() {
      const path = `/push/${randomBytes(16).toString('base64url')}`;
      const pair = createECDH('prime256v1');
      const p256dh = pair.generateKeys('base64url');
      const auth = randomBytes(16);
      const received: Received[] = [];
      const subscriber: Subscriber = {
        input: { endpoint: origin + path, p256dh, auth: auth.toString('base64url') },
        messages: () =>
          received.map(({ body }) => JSON.parse(decrypt(body, pair.getPrivateKey(), auth).toString())),
        received,
        answers: 201,
      };
      mailboxes.set(path, { received, subscriber });
      return subscriber;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Decrypts a message of one record. @throws Error if it was not encrypted for this browser */
export function decrypt(body: Buffer, privateKey: Buffer, auth: Buffer): Buffer {
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(privateKey);
  const salt = body.subarray(0, 16);
  const recordBytes = body.readUInt32BE(16);
  const theirs = body.subarray(21, 21 + body.readUInt8(20));
  const record = body.subarray(21 + theirs.length);
  if (record.length > recordBytes) throw new Error('There is more than one record.');
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), pair.getPublicKey(), theirs]);
  const derive = (secret: Buffer, salted: Buffer, what: Buffer, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secret, salted, what, bytes));
  const secret = derive(pair.computeSecret(theirs), auth, info, 32);
  const key = derive(secret, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
  const nonce = derive(secret, salt, Buffer.from('Content-Encoding: nonce\0'), 12);
  const decipher = createDecipheriv('aes-128-gcm', key, nonce, { authTagLength: 16 });
  decipher.setAuthTag(record.subarray(-16));
  const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
  const end = padded.findLastIndex((byte) => byte !== 0);
  if (padded[end] !== 2) throw new Error('The last record has another delimiter.');
  return padded.subarray(0, end);
}
