// A server one of whose parts fails during the start: `failing-start <part>`. Prints the time from the failure to the
// end of the process.
import { writeSync } from 'node:fs';
import { readConfig } from '../../../src/config.ts';
import { run } from '../../../src/run.ts';
import { failingLog } from './failing-log.ts';

const log = failingLog(process.argv[2]!, () => {
  const failedAt = performance.now();
  process.on('exit', () => {
    writeSync(1, `ended after ${Math.round(performance.now() - failedAt)} ms\n`);
  });
});

await run(readConfig(process.env), log);
