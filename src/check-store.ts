import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, ConfigError, readConfig } from './config.ts';
import { connectDb, type Db } from './db/client.ts';
import { readDatabaseClock } from './db/database-clock.ts';
import { readSharedSecret } from './db/link-secret.ts';
import { DatabaseUnfit } from './db/reach.ts';
import { createSeal } from './db/seal.ts';
import { readSecretKeys } from './db/secret-keys.ts';
import { type Breach, findBreaches } from './finishing/check.ts';
import type { NodeSpools } from './finishing/node-spools.ts';
import { createLog } from './log.ts';
import { readNodeId } from './nodes/node-id.ts';
import { OtherNodes } from './nodes/other-nodes.ts';
import { createCallSigner } from './nodes/signature.ts';
import { openStore } from './store/open-store.ts';
import { openDatabase } from './with-database.ts';

/** After this time, a running server has finished the work that it was doing. */
const lookAgainMs = 3_000;

/**
 * `npm run check-store [-- --repair]`: verifies the invariants of rows, spool and store (docs/design.md 6) and prints
 * each breach as a sentence. Other servers of the database are asked for their spools. With --repair it repairs what
 * can be repaired without loss. The exit code is 1 if a breach remains. It works beside a running server and without
 * one.
 */
async function main(): Promise<void> {
  const [flag] = process.argv.slice(2);
  if (flag !== undefined && flag !== '--repair') {
    throw new ConfigError([`"${flag}" is not known; expected nothing or --repair.`]);
  }
  const config = readConfig(process.env);
  const database = await openDatabase(config);
  const db = connectDb(database.url);
  const { store } = openStore(config, { baseUrl: () => '' }, createLog('error'));
  try {
    const { dataDir, recordDir } = config;
    const nodeId = config.nodeUrl ? await readNodeId(dataDir, config.nodeId) : undefined;
    const others = nodeId === undefined ? new Map() : await spoolsOfOthers(config, db, nodeId);
    const look = () => findBreaches({ db, store, recordDir, nodeId, others });
    const breaches = await lasting(look);
    for (const breach of breaches) {
      const outcome = flag === '--repair' && breach.repair ? await tryRepair(breach.repair) : '';
      console.log(`${breach.text}${outcome}`);
      if (outcome !== repaired) process.exitCode = 1;
    }
    if (breaches.length === 0) console.log('Rows, spool and store agree.');
  } finally {
    await store.close();
    await db.$disconnect();
    await database.close();
  }
}

/** The spools of the other servers, each of which is asked over HTTP. */
async function spoolsOfOthers(
  { dataDir, secretKeys }: Config,
  db: Db,
  nodeId: string,
): Promise<ReadonlyMap<string, NodeSpools>> {
  const seal = createSeal(await readSecretKeys(dataDir, secretKeys));
  const secret = await readSharedSecret(db, seal);
  const clock = await readDatabaseClock(db);
  const signer = createCallSigner(secret, clock.now);
  // This command is no node, and takes the place of the one beside which it runs.
  const others = new OtherNodes({ db, self: { nodeId, incarnation: 0n }, isAlone: false, signer });
  const spoolsOf = (id: string): NodeSpools => ({
    list: async () => new Map(Object.entries((await others.call(id, 'spools', null)) as object)),
    remove: async (spool) => void (await others.call(id, 'removeSpool', spool)),
  });
  return new Map((await others.live()).map((id) => [id, spoolsOf(id)]));
}

const repaired = ' Repaired.';

/** Never rejects: a breach that cannot be repaired must not stop the repair of others. */
const tryRepair = (repair: () => Promise<unknown>): Promise<string> =>
  repair().then(
    () => repaired,
    (error: Error) => ` It could not be repaired: ${error.message}`,
  );

async function lasting(look: () => Promise<Breach[]>): Promise<Breach[]> {
  const first = await look();
  if (first.length === 0) return [];
  await sleep(lookAgainMs);
  const texts = new Set(first.map(({ text }) => text));
  return (await look()).filter(({ text }) => texts.has(text));
}

main().catch((error: Error) => {
  const isExpected = error instanceof ConfigError || error instanceof DatabaseUnfit;
  console.error(isExpected ? error.message : error.stack);
  process.exitCode = 2;
});
