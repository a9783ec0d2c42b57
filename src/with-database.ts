import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Config } from './config.ts';
import { connectDb, type Db } from './db/client.ts';
import { runningServerUrl, startDatabaseServer } from './db/embedded/server.ts';
import { applyMigrations } from './db/migrate.ts';
import { proveConnection } from './db/reach.ts';
import type { Seal } from './db/seal.ts';
import { createLog } from './log.ts';
import { openChildren } from './processes/children.ts';

/** The database's address, and what closes the server that was started for it. */
export interface OpenDatabase {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * The database for a command: that of the running server, or the embedded one, which is started for this command alone.
 * @throws DatabaseUnfit
 */
export async function openDatabase({ databaseUrl, dataDir }: Config): Promise<OpenDatabase> {
  if (databaseUrl) await proveConnection(databaseUrl);
  const running = databaseUrl ?? runningServerUrl(dataDir);
  if (running) return { url: running, close: async () => {} };
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const log = createLog('error');
  const children = await openChildren({ dir: path.join(dataDir, 'children'), log });
  try {
    const server = await startDatabaseServer({ dataDir, children, log });
    return {
      url: server.url,
      async close() {
        await server.close();
        await children.close();
      },
    };
  } catch (error) {
    await children.close();
    throw error;
  }
}

/**
 * Works in the database, with all migrations applied.
 * @param seal for the addresses of cameras; without it they must not be used
 * @throws DatabaseUnfit
 */
export async function withDatabase(
  config: Config,
  work: (db: Db) => Promise<void>,
  seal?: Seal,
): Promise<void> {
  const database = await openDatabase(config);
  try {
    await applyMigrations(database.url);
    const db = connectDb(database.url, seal && { seal });
    await work(db).finally(() => db.$disconnect());
  } finally {
    await database.close();
  }
}
