import { makeKey } from './access/keys.ts';
import { readConfig } from './config.ts';
import { insertCamera } from './db/cameras.ts';
import { allKeys } from './db/keys.ts';
import { createSeal } from './db/seal.ts';
import { readSecretKeys } from './db/secret-keys.ts';
import { withDatabase } from './with-database.ts';

/**
 * For containers, before the server: `node dist/first-start.js [STREAM_ADDRESS]`. If nobody ever made a key, makes one
 * of the role admin, prints it, and adds a camera with that address. The key is never shown again. If there was a key,
 * it does nothing.
 */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const seal = createSeal(await readSecretKeys(config.dataDir, config.secretKeys));
  const [rtspUrl] = process.argv.slice(2);
  await withDatabase(
    config,
    async (db) => {
      if ((await allKeys(db)).length > 0) return;
      if (rtspUrl) await insertCamera(db, { ...testCamera, rtspUrl });
      const { secret } = await makeKey(db, {
        name: 'first admin',
        role: 'ADMIN',
        cameraIds: undefined,
        expiresAt: undefined,
      });
      console.log(`The key for the dashboard, of the role admin, shown this once: ${secret}`);
    },
    seal,
  );
}

const testCamera = {
  name: 'Test camera',
  channel: 1,
  enabled: true,
  recordOn: ['MOTION' as const],
  preRollSec: 5,
  postRollSec: 0,
  maxDurationSec: 3_600,
};

main().catch((error: Error) => {
  console.error(error.stack);
  process.exitCode = 1;
});
