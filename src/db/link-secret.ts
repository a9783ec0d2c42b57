import type { Db } from './client.ts';
import type { Seal } from './seal.ts';

/**
 * The secret that signs links to this server, and calls between nodes. Servers that work together share one secret,
 * which the database holds in sealed form. A server that works alone keeps its own secret, and writes it into the
 * database for servers that may come.
 * @param own the secret in the server's data folder
 * @throws Error if the secret in the database cannot be opened
 */
export async function shareLinkSecret(
  db: Db,
  seal: Seal,
  { own, isAlone }: { readonly own: Buffer; readonly isAlone: boolean },
): Promise<Buffer> {
  const text = own.toString('base64');
  const stored = await db.installation.findFirstOrThrow();
  const isSame = stored.linkSecret !== null && seal.open(stored.linkSecret) === text;
  if (isAlone && isSame && seal.isCurrent(stored.linkSecret!)) return own;
  if (isAlone || stored.linkSecret === null) {
    const where = isAlone ? {} : { linkSecret: null };
    await db.installation.updateMany({ where, data: { linkSecret: seal.close(text) } });
  }
  if (isAlone) return own;
  return readSharedSecret(db, seal);
}

/**
 * The secret that servers which work together share.
 * @throws Error if there is none yet, or if it cannot be opened
 */
export async function readSharedSecret(db: Db, seal: Seal): Promise<Buffer> {
  const { linkSecret } = await db.installation.findFirstOrThrow();
  const shared = linkSecret === null ? undefined : seal.open(linkSecret);
  if (shared !== undefined) return Buffer.from(shared, 'base64');
  throw new Error(
    'SECRET_KEY: the servers of this database have another one. Set the same for all of them; after a comma, earlier keys.',
  );
}
