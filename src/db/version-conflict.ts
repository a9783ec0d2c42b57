import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.ts';

/**
 * This version cannot work with the database beside the other servers: it is too old for what newer ones have made of it,
 * or they are too old for what this one has to make of it. Another server's end or update resolves that.
 */
export class VersionConflict extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'VersionConflict';
  }
}

const everyMs = 2_000;

/**
 * Repeats a step of the start until other servers no longer stand in its way, and logs once why it waits. A server that
 * ended instead would be started again and again by its service manager.
 * @param stop aborted when the start is not wanted any more
 * @throws any other error of the step; the reason of `stop`
 */
export async function awaitAgreement<T>(step: () => Promise<T>, log: Log, stop?: AbortSignal): Promise<T> {
  for (let told: string | undefined; ; ) {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof VersionConflict)) throw error;
      if (error.message !== told) log.error({}, `${error.message} This server waits for that.`);
      told = error.message;
      await sleep(everyMs, undefined, stop ? { signal: stop } : {});
    }
  }
}
