import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Footage, viewsOf } from '../footage/memory.ts';
import { privateFileMode, privateFolderMode } from '../private-folder.ts';
import { isMissing } from './errors.ts';
import { noteClosed, noteSynced } from './growing.ts';
import { demandSpool } from './mark.ts';
import { syncFolder } from './names.ts';
import { together } from './together.ts';

/** Footage is on the platter at most this long after it was written. */
const syncMs = 1_000;

/**
 * A playback's growing fragmented MP4: one folder per playback, in it one file named after the wall-clock time of
 * its first frame in epoch milliseconds. Media time in the file is wall-clock time since then, so that the file
 * alone, after whatever crash, says what was recorded when.
 */
export class Spool {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #pending: Pending[] = [];
  readonly #corrections: { at: number; box: Buffer }[] = [];
  #writing: Promise<void> | undefined;
  #unsynced = false;
  /** The folder that has the file's name but in memory: it is synced with the first footage. */
  #unsyncedName: string | undefined;
  #sync: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  #failure: Error | undefined;
  /** Where the next box is written. */
  #end: number;

  private constructor(path: string, file: FileHandle, bytes: number) {
    this.path = path;
    this.#file = file;
    this.#end = bytes;
    noteSynced(path, 0);
  }

  /**
   * @param folder as made by makeSpoolFolder
   * @param clipStartedAt epoch milliseconds of the first frame
   * @param init the init segment
   */
  static async create(folder: string, clipStartedAt: number, init: Buffer): Promise<Spool> {
    const file = path.join(folder, `${Math.round(clipStartedAt)}.mp4`);
    const spool = new Spool(file, await open(file, 'wx', privateFileMode), 0);
    spool.#unsyncedName = folder;
    // Written together with the first fragments: every call of the disk costs.
    spool.#pending.push({ boxes: [init], footage: [] });
    return spool;
  }

  /** Goes on after `bytes`, where the last whole fragment ends; a torn one behind it is cut off. */
  static async reopen(file: string, bytes: number): Promise<Spool> {
    const handle = await open(file, 'r+');
    await handle.truncate(bytes);
    return new Spool(file, handle, bytes);
  }

  /** Resolves when all that was taken so far is written: a crash of this process does not take it away any more. */
  async written(): Promise<void> {
    if (!this.#writing && this.#pending.length === 0) return;
    // Not until all is written: while more comes faster than the disk takes it, that never is.
    await new Promise<void>((resolve) => {
      this.#pending.push({ boxes: [], footage: [], onWritten: resolve });
      this.#beginWriting();
    });
  }

  /** Why the disk takes nothing any more; what was written before is good. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Takes boxes to be written soon, and the footage behind them, whose holds it takes over. Never throws: see failure. */
  append(boxes: readonly Buffer[], footage: readonly Footage[] = []): void {
    this.#pending.push({ boxes, footage });
    if (this.#failure) this.#dropPending();
    else this.#beginWriting();
  }

  /** Puts a box in the place of one of the same size that was taken before. */
  overwrite(at: number, box: Buffer): void {
    if (this.#failure) return;
    this.#corrections.push({ at, box });
    this.#beginWriting();
  }

  #beginWriting(): void {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  async #write(): Promise<void> {
    try {
      while (this.#pending.length + this.#corrections.length > 0) {
        const corrections = this.#corrections.splice(0);
        const pending = this.#pending.splice(0);
        const buffers = pending.flatMap(({ boxes, footage }) => [...boxes, ...viewsOf(footage)]);
        try {
          this.#end += await writeAll(this.#file, buffers, this.#end);
        } finally {
          releaseAll(pending);
        }
        for (const { at, box } of corrections) await writeAll(this.#file, [box], at);
        this.#unsynced = true;
        this.#sync ??= setTimeout(() => {
          this.#flushing = this.#flush();
        }, syncMs).unref();
      }
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  async #flush(): Promise<void> {
    this.#sync = undefined;
    this.#unsynced = false;
    const end = this.#end;
    const folder = this.#unsyncedName;
    this.#unsyncedName = undefined;
    const name = folder === undefined ? undefined : syncFolder(folder);
    await Promise.all([this.#file.datasync(), name]).then(
      () => noteSynced(this.path, end),
      (error: Error) => this.#fail(error),
    );
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#corrections.length = 0;
    this.#dropPending();
  }

  #dropPending(): void {
    releaseAll(this.#pending.splice(0));
  }

  /** Resolves when all that was taken is on disk; see failure for whether it is. */
  async close(): Promise<void> {
    this.#beginWriting();
    await this.#writing;
    clearTimeout(this.#sync);
    await this.#flushing;
    if (this.#unsynced) await this.#flush();
    noteClosed(this.path);
    await this.#file.close().catch((error: Error) => this.#fail(error));
  }
}

interface Pending {
  readonly boxes: readonly Buffer[];
  readonly footage: readonly Footage[];
  /** Called when it is written, or cannot be. */
  readonly onWritten?: () => void;
}

function releaseAll(pending: readonly Pending[]): void {
  for (const { footage, onWritten } of pending) {
    for (const one of footage) one.release();
    onWritten?.();
  }
}

/** Writes all of it, in order, without making one large copy first. @returns how much that was, in bytes */
async function writeAll(file: FileHandle, buffers: Buffer[], at: number): Promise<number> {
  const bytes = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
  let { bytesWritten } = await file.writev(buffers, at);
  // The kernel may take less than all of it; what is left is small.
  const rest = bytesWritten < bytes ? Buffer.concat(buffers) : undefined;
  while (rest && bytesWritten < bytes)
    bytesWritten += (await file.write(rest, bytesWritten, bytes - bytesWritten, at + bytesWritten))
      .bytesWritten;
  return bytes;
}

/** Where the spool of a playback is. */
export function spoolFolder(recordDir: string, playbackId: string): string {
  return path.join(recordDir, playbackId);
}

/** Where a spool keeps its poster, once it is made. */
export function spoolPoster(recordDir: string, playbackId: string): string {
  return path.join(spoolFolder(recordDir, playbackId), 'poster.jpg');
}

const demandSpoolTogether = together(demandSpool);
/** A sync that begins after a name was made is as good for it as one of its own. */
const syncFolderTogether = together(syncFolder);

/** Makes the folder and sees to it that a power cut does not take it away again. */
export async function makeSpoolFolder(recordDir: string, playbackId: string): Promise<string> {
  const folder = spoolFolder(recordDir, playbackId);
  // Where the spool's disk is not mounted, its footage must not land beside it.
  await demandSpoolTogether(recordDir);
  await mkdir(folder, privateFolderMode).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await syncFolderTogether(recordDir);
  return folder;
}

export async function removeSpool(recordDir: string, playbackId: string): Promise<void> {
  // A poster may be put into it while it goes.
  await rm(spoolFolder(recordDir, playbackId), { recursive: true, force: true, maxRetries: 5 });
}

/**
 * The spool's file and the wall-clock time of its first frame (epoch ms); undefined where nothing was recorded.
 * @throws Error where the folder cannot be read, or the spool is not mounted: that is not to say that there is nothing
 */
export async function findSpool(
  recordDir: string,
  playbackId: string,
): Promise<{ file: string; startedAt: number } | undefined> {
  const folder = spoolFolder(recordDir, playbackId);
  const names = await readdir(folder).catch(async (error) => {
    if (!isMissing(error)) throw error;
    await demandSpool(recordDir);
    return [];
  });
  const name = names.find((n) => /^\d+\.mp4$/.test(n));
  return name ? { file: path.join(folder, name), startedAt: Number.parseInt(name, 10) } : undefined;
}
