import { constants } from 'node:fs';
import { access, readdir, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from '../log.ts';
import { isTransient, SpoolAway } from './errors.ts';
import { demandSpool } from './mark.ts';
import { isSpoolName } from './names.ts';

export interface SpoolLimits {
  readonly recordDir: string;
  /** The limit of all spools together, in bytes; undefined: no limit but the disk's. */
  readonly spoolMaxBytes: number | undefined;
  /** Bytes that stay free for the database and for finishing. */
  readonly spoolMinFreeBytes: number;
}

/** What is wrong with the disk, and whether running recordings must end because of it. */
interface Problem {
  /** Part of a sentence, without a full stop. */
  readonly text: string;
  readonly endsRecordings: boolean;
}

/**
 * Watches the disk of the spool: whether a new recording may begin, and whether running ones may go on. With less than
 * `spoolMinFreeBytes` free, new recordings are refused. Running ones end, too, with less than half of that free, once
 * all spools together have `spoolMaxBytes`, and if the folder cannot be written to or its disk is not mounted.
 */
export class SpoolDisk {
  readonly #limits: SpoolLimits;
  readonly #log: Log;
  #problem: Problem | undefined;
  #looking: Promise<void> | undefined;
  freeBytes = 0;
  /** The size of all spools together; measured only if `spoolMaxBytes` limits it. */
  usedBytes = 0;

  constructor(limits: SpoolLimits, log: Log) {
    this.#limits = limits;
    this.#log = log;
  }

  /** Why no new recording may begin, as part of a sentence; undefined if one may. */
  get problem(): string | undefined {
    return this.#problem?.text;
  }

  /** Why running recordings must end now, as part of a sentence; undefined if they need not. */
  get mustEnd(): string | undefined {
    return this.#problem?.endsRecordings ? this.#problem.text : undefined;
  }

  /** Looks at the disk. Calls that come meanwhile share the result. Logs each change once. Never throws. */
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
      this.#log.error({ error: this.#problem.text }, 'the spool takes no new recording');
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
      if (error instanceof SpoolAway) return { text: error.message, endsRecordings: true };
      if (isTransient(error)) return this.#problem;
      const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      return { text: `the spool’s folder ${recordDir} cannot be written to (${why})`, endsRecordings: true };
    }
    if (spoolMaxBytes !== undefined && this.usedBytes >= spoolMaxBytes) {
      const text = `the spool holds ${this.usedBytes} bytes, and SPOOL_MAX_BYTES is ${spoolMaxBytes}`;
      return { text, endsRecordings: true };
    }
    if (this.freeBytes >= spoolMinFreeBytes) return undefined;
    const text = `the spool’s disk has ${this.freeBytes} bytes free, and SPOOL_MIN_FREE_BYTES is ${spoolMinFreeBytes}`;
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
