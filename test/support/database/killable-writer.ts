// A database server that tests kill: `killable-writer <dir>` inserts rows for ever, and prints the id of each committed
// one.
import path from 'node:path';
import pg from 'pg';
import { startDatabaseServer } from '../../../src/db/embedded/server.ts';
import { createLog } from '../../../src/log.ts';
import { openChildren } from '../../../src/processes/children.ts';

const dir = process.argv[2]!;
const log = createLog('silent');
const children = await openChildren({ dir: path.join(dir, 'children'), log });
const server = await startDatabaseServer({ dataDir: path.join(dir, 'data'), children, log });
const client = new pg.Client({ connectionString: server.url });
await client.connect();
await client.query('CREATE TABLE IF NOT EXISTS notes (id integer PRIMARY KEY)');
for (let id = 1; ; id += 1) {
  await client.query('INSERT INTO notes VALUES ($1)', [id]);
  console.log(id);
}
