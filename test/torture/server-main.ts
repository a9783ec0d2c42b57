// The server of src/main.ts, but with a proxy of the parent process before the database, also before the embedded one, and
// with a clock that the parent sets. Neither can be configured with environment variables.
import { once } from 'node:events';
import path from 'node:path';
import { readConfig } from '../../src/config.ts';
import { startDatabaseServer } from '../../src/db/embedded/server.ts';
import { createLog } from '../../src/log.ts';
import { openChildren } from '../../src/processes/children.ts';
import { run } from '../../src/run.ts';
import type { FromChild, ToChild } from './server.ts';

const config = readConfig(process.env);
const log = createLog(config.logLevel);
let aheadMs = 0;
process.on('message', (message: ToChild) => {
  aheadMs = message.aheadMs ?? aheadMs;
});
process.on('disconnect', () => process.exit(1));

const embedded = async () => {
  const children = await openChildren({ dir: path.join(config.dataDir, 'children'), log });
  return (await startDatabaseServer({ dataDir: config.dataDir, children, log })).url;
};
process.send!({ databaseUrl: config.databaseUrl ?? (await embedded()) } satisfies FromChild);
const [{ databaseUrl }] = (await once(process, 'message')) as [ToChild];
await run({ ...config, databaseUrl }, log, () => Date.now() + aheadMs);
