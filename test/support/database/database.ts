// A database for each test file, on the server that test/support/global-setup.ts starts.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

export const templateName = 'flashback_template';

export interface TestDatabase {
  url: string;
  /** Ends the remaining sessions and removes the database. */
  drop(): Promise<void>;
}

/** An empty database with all migrations applied. */
export function createTestDatabase(): Promise<TestDatabase> {
  return createDatabase(templateName);
}

/** A database without a table. */
export function createBareDatabase(): Promise<TestDatabase> {
  return createDatabase('template0');
}

/** The connection string of another database of the same server. */
export function addressOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

async function createDatabase(template: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  return {
    url: addressOf(inject('databaseServerUrl'), name),
    drop: () => administer(`DROP DATABASE ${name} WITH (FORCE)`),
  };
}

async function administer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('databaseServerUrl') });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
