// Starts a server once for each of its parts, which fails: `failing-starts <part>...`. Prints a FailedStart for each, as
// a line of JSON.
import { startApp } from '../../../src/app.ts';
import { readConfig } from '../../../src/config.ts';
import { processesAbout } from '../../torture/processes.ts';
import { until } from '../camera/reader.ts';
import { failingLog } from './failing-log.ts';

export interface FailedStart {
  readonly part: string;
  readonly message: string;
  /** From the failure until the start was given up. */
  readonly ms: number;
}

const config = readConfig(process.env);
for (const part of process.argv.slice(2)) {
  let failedAt = 0;
  const log = failingLog(part, () => {
    failedAt = performance.now();
  });
  const message = await startApp(config, log).then(
    () => 'It started.',
    (error: Error) => error.message,
  );
  const failed: FailedStart = { part, message, ms: performance.now() - failedAt };
  console.log(JSON.stringify(failed));
  await until(() => processesAbout([config.dataDir]).length === 0, `no process of ${part} is left`);
}
process.exit(0);
