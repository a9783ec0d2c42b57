import { constants } from 'node:fs';
import { access, readdir, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from '../log.ts';
import { SpoolAway, willPass } from './errors.ts';
import { demandSpool } from './mark.ts';
import { isSpoolName } from './names.ts';

export interface SpoolLimits {
  readonly recordDir: string;
  /** What all spools together may hold; undefined: as much as the disk. */
  readonly spoolMaxBytes: number | undefined;
  /** What is left free for the database and for finishing what is there. */
  readonly spoolMinFreeBytes: number;
}

/** What is wrong, and whether running recordings must end for it too. */
interface Problem {
  readonly text: string;
  readonly endsRecordings: boolean;
}

/**
 * The disk that the spool is on: whether another recording may begin, and whether those that run may go on. New
 * ones are refused while there is still room for those that run; these end when half of the reserve is used up.
 */
export class SpoolDisk {
  readonly #limits: SpoolLimits;
  readonly #log: Log;
  #problem: Problem | undefined;
  #looking: Promise<void> | undefined;
  freeBytes = 0;
  /** Only known where there is a limit to it. */
  usedBytes = 0;

  constructor(limits: SpoolLimits, log: Log) {
    this.#limits = limits;
    this.#log = log;
  }

  /** Why no further recording may begin, as a part of a sentence; undefined while all is well. */
  get problem(): string | undefined {
    return this.#problem?.text;
  }

  /** Why running recordings must end with what they have; undefined while they need not. */
  get mustEnd(): string | undefined {
    return this.#problem?.endsRecordings ? this.#problem.text : undefined;
  }

  /** Looks at the disk, once for all who ask meanwhile; what changed is logged once. Never throws. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const before = this.#problem?.text;
    this.#problem = await this.#find();
    if (this.#problem && before === undefined) {
      this.#log.error({ error: this.#problem.text }, 'the spool takes no further recording');
    }
    if (!this.#problem && before !== undefined) this.#log.info({}, 'the spool takes recordings again');
  }

  async #find(): Promise<Problem | undefined> {
    const { recordDir, spoolMaxBytes, spoolMinFreeBytes } = this.#limits;
    try {
      await demandSpool(recordDir);
      await access(recordDir, constants.W_OK);
      const { bavail, bsize } = await statfs(recordDir);
      this.freeBytes = bavail * bsize;
      if (spoolMaxBytes !== undefined) this.usedBytes = await sizeOf(recordDir);
    } catch (error) {
      if (error instanceof SpoolAway) return { text: `${error.message}.`, endsRecordings: true };
      if (willPass(error)) return this.#problem;
      const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      return { text: `the spool’s folder ${recordDir} cannot be written to (${why}).`, endsRecordings: true };
    }
    if (spoolMaxBytes !== undefined && this.usedBytes >= spoolMaxBytes) {
      const text = `the spool holds ${this.usedBytes} bytes, and SPOOL_MAX_BYTES is ${spoolMaxBytes}.`;
      return { text, endsRecordings: true };
    }
    if (this.freeBytes >= spoolMinFreeBytes) return undefined;
    const text = `the spool’s disk has ${this.freeBytes} bytes free, and SPOOL_MIN_FREE_BYTES is ${spoolMinFreeBytes}.`;
    return { text, endsRecordings: this.freeBytes < spoolMinFreeBytes / 2 };
  }
}

async function sizeOf(recordDir: string): Promise<number> {
  let bytes = 0;
  // Folders and files may be removed while they are counted.
  for (const folder of (await readdir(recordDir)).filter(isSpoolName)) {
    for (const name of await readdir(path.join(recordDir, folder)).catch(() => [])) {
      const file = await stat(path.join(recordDir, folder, name)).catch(() => undefined);
      bytes += file?.size ?? 0;
    }
  }
  return bytes;
}
