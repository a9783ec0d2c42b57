import type { Db } from './client.ts';
import type { Seal } from './seal.ts';

/**
 * The key pair by which push services know this installation. The first server that needs it makes it, and the servers
 * of one database share it. The database holds it in sealed form.
 * @param make makes a key pair, as text
 * @returns the text, and whether it replaces one that cannot be opened any more: then push services refuse messages to
 *   the subscriptions that were made with that one
 */
export async function sharedPushKey(
  db: Db,
  seal: Seal,
  make: () => string,
): Promise<{ text: string; isReplaced: boolean }> {
  const stored = await readKey(db);
  const opened = stored === null ? undefined : seal.open(stored);
  if (opened !== undefined) return { text: opened, isReplaced: false };
  await replaceKey(db, stored, seal.close(make()));
  // Another server may have been faster.
  const text = seal.open((await readKey(db)) ?? '');
  if (text) return { text, isReplaced: stored !== null };
  throw new Error('SECRET_KEY: the servers of this database have another one. Set the same for all of them.');
}

/** Seals the key pair with the current key, if it is sealed with an earlier one. */
export async function resealPushKey(db: Db, seal: Seal): Promise<void> {
  const stored = await readKey(db);
  if (stored === null || seal.isCurrent(stored)) return;
  const opened = seal.open(stored);
  if (opened !== undefined) await replaceKey(db, stored, seal.close(opened));
}

const readKey = async (db: Db): Promise<string | null> =>
  (await db.installation.findFirstOrThrow({ select: { pushKey: true } })).pushKey;

/** Replaces the key, unless it was changed meanwhile. */
async function replaceKey(db: Db, stored: string | null, by: string): Promise<void> {
  await db.installation.updateMany({ where: { pushKey: stored }, data: { pushKey: by } });
}
