import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from './app.ts';
import type { Config } from './config.ts';
import { captureOutput, type Log } from './log.ts';

/**
 * How long the end may take: service managers kill a process ten seconds after SIGTERM. What has not ended by then, the
 * next start resumes.
 */
const stopWithinMs = 7_500;

/**
 * Runs the server as a process until a signal ends it, which may already come during the start. If the start fails, the
 * process ends with code 1, even if a part cannot be closed.
 * @param now the wall clock, in epoch milliseconds
 */
export async function run(config: Config, log: Log, now: () => number = Date.now): Promise<never> {
  captureOutput(log);
  const unwanted = new AbortController();
  const stop = new Promise<NodeJS.Signals>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  void stop.then(() => {
    unwanted.abort();
    setTimeout(
      () => {
        log.error({}, 'stopping took too long; the next start resumes what is left');
        process.exit(1);
      },
      stopWithinMs + config.drainSec * 1_000,
    ).unref();
  });
  try {
    const app = await startApp(config, log, now, unwanted.signal);
    const signal = await Promise.race([stop, app.replaced.then(() => undefined)]);
    if (signal === undefined) {
      // Another server has taken this one's place, so the database would refuse all further writes. A service manager
      // starts this server again.
      await Promise.race([app.close(), sleep(stopWithinMs)]);
      return process.exit(1);
    }
    log.info({ signal }, 'stopping');
    // After SIGINT the server ends without draining: it comes from a keyboard, where nobody wants to wait.
    if (signal === 'SIGTERM') await app.drain();
    await app.close();
    log.info({}, 'stopped');
    return process.exit(0);
  } catch (error) {
    if (unwanted.signal.aborted) {
      log.info({}, 'stopped before it had started');
      return process.exit(0);
    }
    log.error({ error }, 'the server did not start');
    process.stderr.write(`${(error as Error).message || (error as Error).stack}\n`);
    return process.exit(1);
  }
}
