import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from './app.ts';
import { ConfigError, readConfig } from './config.ts';
import { createLog } from './log.ts';

/** Service managers kill ten seconds after SIGTERM; what is not over by then is taken up by the next start. */
const stopWithinMs = 7_500;

/** The server alone: configuration, app, and a signal to end it. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLog(config.logLevel);
  const stop = new Promise<NodeJS.Signals>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  const app = await startApp(config, log);
  const signal = await stop;
  log.info({ signal }, 'stopping');
  // Load balancers have to see that this server is not ready before connections fail; nobody waits so at a keyboard.
  if (signal === 'SIGTERM') {
    app.drain();
    await sleep(config.drainSec * 1_000);
  }
  setTimeout(() => {
    log.error({}, 'stopping took too long; the next start takes up what is left');
    process.exit(1);
  }, stopWithinMs).unref();
  await app.close();
  log.info({}, 'stopped');
}

main().catch((error: Error) => {
  // A person reads this: the sentence, and the stack only where nobody expected it.
  console.error(error instanceof ConfigError ? error.message : error.stack);
  process.exitCode = 1;
});
