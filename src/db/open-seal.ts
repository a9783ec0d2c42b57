import type { Log } from '../log.ts';
import { connectDb } from './client.ts';
import { resealPushKey } from './push-key.ts';
import { createSeal, type Seal } from './seal.ts';
import { sealAddresses } from './sealed-addresses.ts';
import { dropEarlierKeys, readSecretKeys, secretKeyFile } from './secret-keys.ts';

/**
 * The seal for cameras' addresses and the key for push messages. Before this resolves, all of them that can be opened
 * are sealed with the current key.
 * @param options.secretKeys undefined: the keys of a file in `dataDir`
 */
export async function openSeal(options: {
  readonly dataDir: string;
  readonly secretKeys: readonly string[] | undefined;
  readonly databaseUrl: string;
  readonly log: Log;
}): Promise<Seal> {
  const { dataDir, secretKeys, databaseUrl, log } = options;
  const seal = createSeal(await readSecretKeys(dataDir, secretKeys));
  const db = connectDb(databaseUrl);
  const sealAll = async () => {
    await resealPushKey(db, seal);
    return sealAddresses(db, seal);
  };
  const { sealed, unreadable } = await sealAll().finally(() => db.$disconnect());
  if (sealed > 0) log.info({ cameras: sealed }, 'addresses of cameras were sealed');
  if (unreadable > 0) {
    log.error(
      { cameras: unreadable },
      `addresses of cameras are sealed with a key that is not here; restore SECRET_KEY or ${secretKeyFile(dataDir)}`,
    );
  } else if (!secretKeys) await dropEarlierKeys(dataDir);
  return seal;
}
