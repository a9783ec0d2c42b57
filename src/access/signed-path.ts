import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Addresses on this server that hold for a while without a key, as a bucket's presigned ones do: players and
 * <img> send no Authorization. The ticket is a part of the path and not of the query, so that it also holds for
 * what a playlist names relative to itself. It carries what it was given to, and ends with that (access/holders.ts).
 */
export interface PathSigner {
  /** `/route/<ticket>/scope`: the ticket holds for that scope and everything below it. */
  sign(route: string, scope: string, holder: string): string;
  /** @param ticketAndScope what follows `/route/`. @returns the scope, or undefined when the ticket does not hold */
  verify(route: string, ticketAndScope: string): string | undefined;
}

const secretBytes = 32;
/** 128 bits of an HMAC cannot be guessed. */
const signatureBytes = 16;

/**
 * @param options.ttlSec a path holds at most this long and at least half of it: within half of it the same path is given
 * out, so that browsers find what they have already fetched in their cache
 * @param options.holds whether what a path was given to holds still
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

/** An id that tells nothing of the text to who does not have the secret: 128 bits, in hexadecimal digits. */
export const opaqueId = (secret: Buffer, text: string): string =>
  createHmac('sha256', secret).update(`id ${text}`).digest('hex').slice(0, 32);

/** The secret of this data folder; made the first time. Who can read the folder can read the clips anyway. */
export async function linkSecret(dataDir: string): Promise<Buffer> {
  const file = path.join(dataDir, 'link-secret');
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await writeFile(file, randomBytes(secretBytes), { flag: 'wx', mode: 0o600 }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    },
  );
  const secret = await readFile(file);
  if (secret.length === secretBytes) return secret;
  throw new Error(`The file ${file} does not hold ${secretBytes} bytes; remove it, and a new one is made.`);
}
