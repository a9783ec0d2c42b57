import { randomBytes } from 'node:crypto';
import { ConfigError, readConfig } from './config.ts';
import { DatabaseUnfit } from './db/reach.ts';
import { createSeal, keyBytes } from './db/seal.ts';
import { openAddresses } from './db/sealed-addresses.ts';
import { addSecretKey, readSecretKeys, secretKeyFile } from './db/secret-keys.ts';
import { withDatabase } from './with-database.ts';

/** `npm run secret`: changes the key with which addresses of cameras are sealed, or takes the seals off. */

const usage = `Usage:
  npm run secret -- rotate   makes a new key; the next start seals every address with it
  npm run secret -- open     writes every address unsealed, for an older version; stop the server first`;

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const [command] = process.argv.slice(2);
  if (command === 'rotate' && config.secretKeys) {
    const made = randomBytes(keyBytes).toString('base64');
    console.error('Set SECRET_KEY to this and restart. After that start, keep only the first key.');
    console.log([made, ...config.secretKeys].join(','));
  } else if (command === 'rotate') {
    await addSecretKey(config.dataDir);
    const file = secretKeyFile(config.dataDir);
    console.log(
      `${file} has a new key. Restart: the start seals all addresses with it and removes the old key.`,
    );
  } else if (command === 'open') {
    const seal = createSeal(await readSecretKeys(config.dataDir, config.secretKeys));
    await withDatabase(config, async (db) => {
      const { unreadable } = await openAddresses(db, seal);
      if (unreadable > 0)
        throw new ConfigError([`${unreadable} addresses are sealed with a key that is not here.`]);
    });
  } else {
    console.error(usage);
    process.exitCode = 1;
  }
}

main().catch((error: Error) => {
  console.error(error instanceof ConfigError || error instanceof DatabaseUnfit ? error.message : error.stack);
  process.exitCode = 1;
});
