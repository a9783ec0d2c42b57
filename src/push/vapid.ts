import { createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';

/** A token is valid for this long; RFC 8292, 2 allows 24 hours. */
const validSec = 12 * 3_600;
/** A token is used until so much of its life is left. Clocks of push services may differ. */
const leftSec = 3_600;
/** Browsers use a handful of push services. */
const mostServices = 100;

/** A new pair of keys as text: a JWK. */
export function newVapidKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return JSON.stringify(privateKey.export({ format: 'jwk' }));
}

/** Proves to push services which installation sends a message (RFC 8292). */
export interface Vapid {
  /** What browsers subscribe with: the public key as an uncompressed point, base64url. */
  readonly publicKey: string;
  /** The value of the header `authorization` for the push service of an endpoint. */
  header(endpoint: URL): Promise<string>;
}

/**
 * @param text from newVapidKey
 * @param options.contact where the operators of push services reach the operator of this installation: `mailto:` or
 *   `https:`; undefined: tokens name nobody, which some services refuse
 * @param options.now in epoch ms
 */
export function createVapid(
  text: string,
  options: { contact: string | undefined; now: () => number },
): Vapid {
  const { contact, now } = options;
  const privateKey = createPrivateKey({ key: JSON.parse(text) as JsonWebKey, format: 'jwk' });
  const { x, y } = createPublicKey(privateKey).export({ format: 'jwk' });
  const point = [Buffer.from([4]), Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url')];
  const publicKey = Buffer.concat(point).toString('base64url');
  const tokens = new LRUCache<string, { readonly token: string; readonly expiresAt: number }>({
    max: mostServices,
  });
  return {
    publicKey,
    async header({ origin }) {
      const seconds = Math.floor(now() / 1_000);
      const kept = tokens.get(origin);
      if (kept && kept.expiresAt - seconds > leftSec) return `vapid t=${kept.token}, k=${publicKey}`;
      const expiresAt = seconds + validSec;
      const jwt = new SignJWT({ ...(contact && { sub: contact }) })
        .setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
        .setAudience(origin)
        .setExpirationTime(expiresAt);
      const token = await jwt.sign(privateKey);
      tokens.set(origin, { token, expiresAt });
      return `vapid t=${token}, k=${publicKey}`;
    },
  };
}
