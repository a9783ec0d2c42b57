import { RequestError } from '../domain/errors.ts';
import type { SpoolDisk, SpoolLimits } from './spool-disk.ts';

export interface CapacityLimits extends SpoolLimits {
  readonly maxRecordings: number;
}

/**
 * Refuses a recording before anything of it begins, rather than to break it off in the middle.
 * @param recordings that run or begin now
 * @throws RequestError CAPACITY that says which limit was reached
 */
export async function admit(limits: CapacityLimits, recordings: number, disk: SpoolDisk): Promise<void> {
  const refuse = (why: string) => {
    throw new RequestError('CAPACITY', `No further recording can begin: ${why}`);
  };
  if (recordings >= limits.maxRecordings) {
    refuse(`${recordings} run, and MAX_RECORDINGS is ${limits.maxRecordings}.`);
  }
  await disk.look();
  if (disk.problem) refuse(disk.problem);
}
