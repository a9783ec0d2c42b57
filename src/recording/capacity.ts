import { statfs } from 'node:fs/promises';
import { RequestError } from '../domain/errors.ts';

export interface CapacityLimits {
  readonly recordDir: string;
  readonly maxRecordings: number;
  readonly spoolMaxBytes: number | undefined;
  readonly spoolMinFreeBytes: number;
}

/**
 * Refuses a recording before anything of it begins, rather than to break it off in the middle.
 * @param now what runs and what it has written so far
 * @throws RequestError CAPACITY that says which limit was reached
 */
export async function admit(
  limits: CapacityLimits,
  now: { recordings: number; spoolBytes: number },
): Promise<void> {
  const refuse = (why: string) => {
    throw new RequestError('CAPACITY', `No further recording can begin: ${why}`);
  };
  if (now.recordings >= limits.maxRecordings) {
    refuse(`${now.recordings} run, and MAX_RECORDINGS is ${limits.maxRecordings}.`);
  }
  if (limits.spoolMaxBytes !== undefined && now.spoolBytes >= limits.spoolMaxBytes) {
    refuse(`the spool holds ${now.spoolBytes} bytes, and SPOOL_MAX_BYTES is ${limits.spoolMaxBytes}.`);
  }
  const disk = await statfs(limits.recordDir).catch((error: Error) =>
    refuse(`the spool’s disk does not answer (${error.message}).`),
  );
  const free = disk ? disk.bavail * disk.bsize : 0;
  if (free < limits.spoolMinFreeBytes) {
    refuse(
      `the spool’s disk has ${free} bytes free, and SPOOL_MIN_FREE_BYTES is ${limits.spoolMinFreeBytes}.`,
    );
  }
}
