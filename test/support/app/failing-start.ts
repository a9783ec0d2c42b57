// A server one of whose parts fails during the start: `failing-start <part>`. What that part had opened is not closed,
// as after a real failure. Prints the time from the failure to the end of the process.
import { writeSync } from 'node:fs';
import { readConfig } from '../../../src/config.ts';
import type { Log } from '../../../src/log.ts';
import { run } from '../../../src/run.ts';

const failing = process.argv[2];
const silent = { info() {}, warn() {}, error() {} };
/** Called when each part has started. */
function debug(fields: { part?: string }, text?: string): void {
  if (fields.part !== failing || text !== 'started') return;
  const failedAt = performance.now();
  process.on('exit', () => {
    writeSync(1, `ended after ${Math.round(performance.now() - failedAt)} ms\n`);
  });
  throw new Error(`The part ${failing} fails.`);
}

await run(readConfig(process.env), { ...silent, debug: debug as Log['debug'] });
