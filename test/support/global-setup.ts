// Runs once for all tests: builds the dashboard, and starts a PostgreSQL with a migrated database that tests copy.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startDatabaseServer } from '../../src/db/embedded/server.ts';
import { migrateJobs } from '../../src/db/finishing-queue.ts';
import { applyMigrations } from '../../src/db/migrate.ts';
import { createLog } from '../../src/log.ts';
import { openChildren } from '../../src/processes/children.ts';
import { buildDashboard } from './browser/dashboard.ts';
import { addressOf, templateName } from './database/database.ts';
import { compilePrograms } from './processes/program.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The administration database of the server that all tests share. */
    databaseServerUrl: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await Promise.all([buildDashboard(), compilePrograms()]);
  const log = createLog('error');
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-test-'));
  const children = await openChildren({ dir: path.join(dir, 'children'), log });
  const start = () => startDatabaseServer({ dataDir: path.join(dir, 'data'), children, log });
  const first = await start();
  await prepare(first.url);
  await first.close();
  const server = await start();
  project.provide('databaseServerUrl', server.url);
  return async () => {
    await server.close();
    await children.close();
    await rm(dir, { recursive: true });
  };
}

async function prepare(serverUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  await client.query(`CREATE DATABASE ${templateName}`);
  await applyMigrations(addressOf(serverUrl, templateName));
  await migrateJobs(addressOf(serverUrl, templateName), createLog('error'));
  // An open session in the template would make every copy of it fail.
  await client.query(`ALTER DATABASE ${templateName} ALLOW_CONNECTIONS false`);
  // Servers of concurrent tests need more than PostgreSQL's 100 connections. This takes effect at the next start.
  await client.query('ALTER SYSTEM SET max_connections = 300');
  // No test cuts the power of this server. Tests of lost power start servers of their own.
  await client.query('ALTER SYSTEM SET fsync = off');
  await client.end();
}
