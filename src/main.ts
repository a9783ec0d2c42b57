import { ConfigError, readConfig } from './config.ts';
import { createLog } from './log.ts';
import { run } from './run.ts';

/** Starts the server: reads the configuration, makes the log, and runs until a signal ends the process. */
try {
  const config = readConfig(process.env);
  await run(config, createLog(config.logLevel));
} catch (error) {
  // A person reads this: only the sentence of an expected error, but the stack of any other one.
  console.error(error instanceof ConfigError ? error.message : (error as Error).stack);
  process.exitCode = 1;
}
