import type { Caller } from '../domain/caller.ts';
import { RequestError } from '../domain/errors.ts';

/**
 * Limits how many runs of something may be under way at the same time, in total and per key.
 * @param options.noun what one run is, in the plural; `lastsMs`: the longest duration of a run
 * @returns a function that starts a run; throws RequestError CAPACITY with the time until one of the runs has certainly
 * ended
 */
export function limitAtOnce(options: {
  readonly noun: string;
  readonly most: number;
  readonly mostPerKey: number;
  readonly lastsMs: number;
}): <T>(caller: Caller, run: () => Promise<T>) => Promise<T> {
  const { noun, most, mostPerKey, lastsMs } = options;
  /** Names of the callers whose runs are under way. */
  const running: string[] = [];
  return async ({ name }, run) => {
    const ofKey = running.filter((other) => other === name).length;
    const which = ofKey >= mostPerKey ? `This key runs ${ofKey}` : `This server runs ${running.length}`;
    if (ofKey >= mostPerKey || running.length >= most)
      throw new RequestError(
        'CAPACITY',
        `${which} ${noun} already, and may run no more; try again in ${lastsMs / 1_000} seconds.`,
        { retryAfterMs: lastsMs },
      );
    running.push(name);
    try {
      return await run();
    } finally {
      running.splice(running.indexOf(name), 1);
    }
  };
}
