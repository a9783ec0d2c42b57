import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from './config.ts';
import { connectDb, type Db } from './db/client.ts';
import { applyMigrations } from './db/migrate.ts';
import { proveConnection } from './db/reach.ts';
import type { Seal } from './db/seal.ts';
import { runningServerUrl, startDatabaseServer } from './db/server.ts';
import { createLog } from './log.ts';
import { openChildren } from './processes/children.ts';

const migrations = fileURLToPath(new URL('../prisma/migrations', import.meta.url));

/**
 * For commands beside the server: the database of the running one, or the embedded one, started for this command alone.
 * @param seal for the addresses of cameras; without it they must not be used
 * @throws DatabaseUnfit
 */
export async function withDatabase(
  config: Config,
  work: (db: Db) => Promise<void>,
  seal?: Seal,
): Promise<void> {
  const log = createLog('error');
  if (config.databaseUrl) await proveConnection(config.databaseUrl);
  const running = config.databaseUrl ?? runningServerUrl(config.dataDir);
  if (running) return workIn(running, work, seal);
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const children = await openChildren({ dir: path.join(config.dataDir, 'children'), log });
  try {
    const server = await startDatabaseServer({ dataDir: config.dataDir, children, log });
    await workIn(server.url, work, seal).finally(() => server.close());
  } finally {
    await children.close();
  }
}

async function workIn(url: string, work: (db: Db) => Promise<void>, seal: Seal | undefined): Promise<void> {
  await applyMigrations(url, migrations);
  const db = connectDb(url, seal && { seal });
  await work(db).finally(() => db.$disconnect());
}
