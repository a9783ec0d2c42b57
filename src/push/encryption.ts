import { createCipheriv, createECDH, type ECDH, hkdfSync, randomBytes } from 'node:crypto';

/** The keys of a browser's subscription, as base64url. */
export interface SubscriptionKeys {
  /** An uncompressed point of the curve P-256: 65 bytes. */
  readonly p256dh: string;
  /** 16 bytes. */
  readonly auth: string;
}

/** RFC 8188, 2.1: the length of a record. The message is one record, which may be shorter. */
const recordBytes = 4096;
const tagBytes = 16;
/** RFC 8188, 2: the delimiter of the last record. */
const lastRecord = Buffer.from([2]);

export const newPair = (): ECDH => {
  const pair = createECDH('prime256v1');
  pair.generateKeys();
  return pair;
};

/**
 * Encrypts a message for a browser (RFC 8291): the body for a push service, with `content-encoding: aes128gcm`.
 * @param message at most 3,993 bytes
 * @param own a pair of keys and a salt for this message alone; given only by tests
 * @throws Error if `p256dh` is not a point of the curve
 */
export function encryptMessage(
  message: Buffer,
  { p256dh, auth }: SubscriptionKeys,
  own: { readonly pair: ECDH; readonly salt: Buffer } = { pair: newPair(), salt: randomBytes(16) },
): Buffer {
  const { pair, salt } = own;
  const theirs = Buffer.from(p256dh, 'base64url');
  const ours = pair.getPublicKey();
  // RFC 8291, 3.4.
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), theirs, ours]);
  const secret = derive(pair.computeSecret(theirs), Buffer.from(auth, 'base64url'), info, 32);
  // RFC 8188, 2.2 and 2.3.
  const key = derive(secret, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
  const nonce = derive(secret, salt, Buffer.from('Content-Encoding: nonce\0'), 12);
  const cipher = createCipheriv('aes-128-gcm', key, nonce, { authTagLength: tagBytes });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(recordBytes, 0);
  head.writeUInt8(ours.length, 4);
  return Buffer.concat([
    ...[salt, head, ours],
    ...[cipher.update(message), cipher.update(lastRecord), cipher.final(), cipher.getAuthTag()],
  ]);
}

const derive = (secret: Buffer, salt: Buffer, info: Buffer, bytes: number): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, salt, info, bytes));

/** Whether a browser's keys can be used. */
export function areKeys(keys: SubscriptionKeys): boolean {
  if (Buffer.from(keys.auth, 'base64url').length !== 16) return false;
  try {
    encryptMessage(Buffer.alloc(0), keys);
    return true;
  } catch {
    // `p256dh` is not a point of the curve.
    return false;
  }
}
