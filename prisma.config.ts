import path from 'node:path';
import { defineConfig } from 'prisma/config';

// Otherwise the CLI downloads a native engine from a host of its own before every command, even `generate`.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= path.resolve(import.meta.dirname, 'prisma/schema-engine.mjs');

const url = process.env['DATABASE_URL'];

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // Only commands that talk to a database need it; those say so themselves when it is missing.
  ...(url === undefined ? {} : { datasource: { url } }),
});
