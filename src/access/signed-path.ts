import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import path from 'node:path';
import { readOrMakeFile } from '../private-folder.ts';

/**
 * Links to this server that work for a limited time without a key, like a bucket's presigned links. Players and <img>
 * send no Authorization, so a link carries a signed ticket: it proves that this server made the link. The ticket is
 * part of the path and not of the query: relative addresses in a playlist then keep it. The ticket names its holder,
 * and is valid only as long as the holder's key or token is (access/holders.ts).
 */
export interface PathSigner {
  /** @returns `/route/<ticket>/scope`; the ticket is valid for that scope and all paths below it */
  sign(route: string, scope: string, holder: string): string;
  /** @param ticketAndScope what follows `/route/`. @returns the scope; undefined if the ticket is not valid */
  verify(route: string, ticketAndScope: string): string | undefined;
}

const secretBytes = 32;
/** 128 bits of an HMAC cannot be found by trying. */
const signatureBytes = 16;

/**
 * @param options.ttlSec a link is valid for at most this time and at least half of it. Within each half the same link
 *   is made: so browsers find the object in their cache
 * @param options.holds whether a holder is still valid
 */
export function createPathSigner(options: {
  secret: Buffer;
  ttlSec: number;
  now: () => number;
  holds: (holder: string) => boolean;
}): PathSigner {
  const { secret, ttlSec, now, holds } = options;
  const signatureOf = (...signed: string[]) =>
    createHmac('sha256', secret).update(JSON.stringify(signed)).digest().subarray(0, signatureBytes);

  return {
    sign(route, scope, holder) {
      const step = Math.max(1, Math.floor(ttlSec / 2));
      const nowSec = Math.floor(now() / 1_000);
      const expires = (nowSec - (nowSec % step) + ttlSec).toString(36);
      const signature = signatureOf(route, scope, expires, holder).toString('base64url');
      return `/${route}/${expires}-${holder}-${signature}/${scope}`;
    },
    verify(route, ticketAndScope) {
      const match = /^([0-9a-z]{1,10})-([0-9a-z]{1,40})-([\w-]{22})\/(.+)$/.exec(ticketAndScope);
      if (!match) return undefined;
      const [, expires, holder, signature, scope] = match as unknown as string[] & { length: 5 };
      if (Number.parseInt(expires!, 36) * 1_000 <= now() || !holds(holder!)) return undefined;
      const given = Buffer.from(signature!, 'base64url');
      const folders = scope!.split('/').map((_, i, parts) => parts.slice(0, i + 1).join('/'));
      const isSigned = (folder: string) =>
        timingSafeEqual(signatureOf(route, folder, expires!, holder!), given);
      return folders.some(isSigned) ? scope : undefined;
    },
  };
}

/** An id of 128 bits, in hexadecimal digits. Without the secret, the text cannot be found from the id. */
export const opaqueId = (secret: Buffer, text: string): string =>
  createHmac('sha256', secret).update(`id ${text}`).digest('hex').slice(0, 32);

/**
 * The secret in the data folder that signs links; made at the first start. It is not encrypted, because a user who can
 * read the folder can read the clips anyway.
 */
export async function linkSecret(dataDir: string): Promise<Buffer> {
  const file = path.join(dataDir, 'link-secret');
  const secret = await readOrMakeFile(file, () => randomBytes(secretBytes));
  if (secret.length === secretBytes) return secret;
  throw new Error(`The file ${file} does not hold ${secretBytes} bytes; remove it, and a new one is made.`);
}
