import { ConfigError, readConfig } from './config.ts';
import { createLog } from './log.ts';
import { run } from './run.ts';

/** The server alone: configuration, log, and then it runs until a signal ends it. */
try {
  const config = readConfig(process.env);
  await run(config, createLog(config.logLevel));
} catch (error) {
  // A person reads this: the sentence, and the stack only if nobody expected the error.
  console.error(error instanceof ConfigError ? error.message : (error as Error).stack);
  process.exitCode = 1;
}
