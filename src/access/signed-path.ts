import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Addresses on this server that hold for a while without a key, as a bucket's presigned ones do: players and
 * <img> send no Authorization. The ticket is a part of the path and not of the query, so that it also holds for
 * what a playlist names relative to itself.
 */
export interface PathSigner {
  /** `/route/<ticket>/scope`: the ticket holds for that scope and everything below it. */
  sign(route: string, scope: string): string;
  /** @param ticketAndScope what follows `/route/`. @returns the scope, or undefined when the ticket does not hold */
  verify(route: string, ticketAndScope: string): string | undefined;
}

const secretBytes = 32;
/** 128 bits of an HMAC cannot be guessed. */
const signatureBytes = 16;

/**
 * @param ttlSec a path holds at most this long and at least half of it: within half of it the same path is given
 * out, so that browsers find what they have already fetched in their cache
 */
export function createPathSigner(options: { secret: Buffer; ttlSec: number; now: () => number }): PathSigner {
  const { secret, ttlSec, now } = options;
  const signatureOf = (route: string, scope: string, expires: string) =>
    createHmac('sha256', secret)
      .update(JSON.stringify([route, scope, expires]))
      .digest()
      .subarray(0, signatureBytes);

  function holds(route: string, scope: string, expires: string, signature: Buffer): boolean {
    return timingSafeEqual(signatureOf(route, scope, expires), signature);
  }

  return {
    sign(route, scope) {
      const step = Math.max(1, Math.floor(ttlSec / 2));
      const nowSec = Math.floor(now() / 1_000);
      const expires = (nowSec - (nowSec % step) + ttlSec).toString(36);
      return `/${route}/${expires}-${signatureOf(route, scope, expires).toString('base64url')}/${scope}`;
    },
    verify(route, ticketAndScope) {
      const match = /^([0-9a-z]{1,10})-([\w-]{22})\/(.+)$/.exec(ticketAndScope);
      if (!match) return undefined;
      const [, expires, signature, scope] = match as unknown as [string, string, string, string];
      if (Number.parseInt(expires, 36) * 1_000 <= now()) return undefined;
      const given = Buffer.from(signature, 'base64url');
      const folders = scope.split('/').map((_, i, parts) => parts.slice(0, i + 1).join('/'));
      return folders.some((folder) => holds(route, folder, expires, given)) ? scope : undefined;
    },
  };
}

/** The secret of this data folder; made the first time. Who can read the folder can read the clips anyway. */
export async function linkSecret(dataDir: string): Promise<Buffer> {
  const file = path.join(dataDir, 'link-secret');
  await mkdir(dataDir, { recursive: true });
  await writeFile(file, randomBytes(secretBytes), { flag: 'wx', mode: 0o600 }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    },
  );
  const secret = await readFile(file);
  if (secret.length === secretBytes) return secret;
  throw new Error(`The file ${file} does not hold ${secretBytes} bytes; remove it, and a new one is made.`);
}
