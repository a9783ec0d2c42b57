import { type FileHandle, open, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Footage, viewsOf } from '../footage/memory.ts';
import { addPrivateFolder, privateFileMode } from '../private-folder.ts';
import { isMissing } from './errors.ts';
import type { GrowingSpools } from './growing.ts';
import { demandSpool } from './mark.ts';
import { syncFolder } from './names.ts';
import { together } from './together.ts';

/** The longest time between two syncs while footage is written, in milliseconds. */
const syncMs = 1_000;

/**
 * The spool of one playback: a fragmented MP4 that grows, in a folder of its own. The file is named after the
 * wall-clock time of its first frame in epoch milliseconds, and its media time counts from there. So the file alone
 * says when its footage was taken, even after a crash or a power cut.
 */
export class Spool {
  readonly path: string;
  readonly #growing: GrowingSpools;
  /** Resolves when the file is open; the first write waits for it. */
  readonly #opening: Promise<FileHandle>;
  readonly #pending: Pending[] = [];
  readonly #corrections: { at: number; box: Buffer }[] = [];
  #writing: Promise<void> | undefined;
  #unsynced = false;
  /** The folder that holds the file, until its entry for the file is synced. That happens with the first footage. */
  #unsyncedName: string | undefined;
  #sync: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  #failure: Error | undefined;
  /** Where the next box is written. */
  #end: number;

  private constructor(growing: GrowingSpools, path: string, opening: Promise<FileHandle>, bytes: number) {
    this.#growing = growing;
    this.path = path;
    this.#opening = opening;
    this.#end = bytes;
    opening.then(
      () => growing.noteSynced(path, 0),
      (error: Error) => this.#fail(error),
    );
  }

  /**
   * Begins to make the file, and returns at once. If it cannot be made, `failure` has the error.
   * @param growing the list that the spool is in until it is closed
   * @param folder the folder that `makeSpoolFolder` made
   * @param clipStartedAt epoch milliseconds of the first frame
   * @param init the init segment
   */
  static create(growing: GrowingSpools, folder: string, clipStartedAt: number, init: Buffer): Spool {
    const file = path.join(folder, `${Math.round(clipStartedAt)}.mp4`);
    const spool = new Spool(growing, file, open(file, 'wx', privateFileMode), 0);
    spool.#unsyncedName = folder;
    // Written together with the first fragments, to save a disk access.
    spool.#pending.push({ boxes: [init], footage: [] });
    return spool;
  }

  /** Continues a spool after `bytes`, where its last complete fragment ends. Cuts off a torn fragment after that. */
  static reopen(growing: GrowingSpools, file: string, bytes: number): Spool {
    return new Spool(growing, file, openUpTo(file, bytes), bytes);
  }

  /** Resolves when everything taken so far is written, so that a crash of this process cannot lose it. */
  async written(): Promise<void> {
    if (!this.#writing && this.#pending.length === 0) return;
    // Waits for what is pending now, not for an empty queue: a busy queue may never be empty.
    await new Promise<void>((resolve) => {
      this.#pending.push({ boxes: [], footage: [], onWritten: resolve });
      this.#beginWriting();
    });
  }

  /** Why the disk stopped accepting footage; undefined if it did not. What was written before is good. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Takes boxes, and footage to be written after them. From now on the spool, and not the caller, has to release the
   * footage. Never throws: `failure` says if the disk fails.
   */
  append(boxes: readonly Buffer[], footage: readonly Footage[] = []): void {
    this.#pending.push({ boxes, footage });
    if (this.#failure) this.#dropPending();
    else this.#beginWriting();
  }

  /** Overwrites a box with another one of the same size. */
  overwrite(at: number, box: Buffer): void {
    if (this.#failure) return;
    this.#corrections.push({ at, box });
    this.#beginWriting();
  }

  #beginWriting(): void {
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    try {
      const file = await this.#opening;
      while (this.#pending.length + this.#corrections.length > 0) {
        const corrections = this.#corrections.splice(0);
        const pending = this.#pending.splice(0);
        const buffers = pending.flatMap(({ boxes, footage }) => [...boxes, ...viewsOf(footage)]);
        try {
          this.#end += await writeAll(file, buffers, this.#end);
        } finally {
          releaseAll(pending);
        }
        for (const { at, box } of corrections) await writeAll(file, [box], at);
        if (corrections.length > 0) this.#growing.noteCorrected(this.path);
        this.#unsynced = true;
        this.#sync ??= setTimeout(() => {
          this.#flushing = this.#flush(file);
        }, syncMs).unref();
      }
    } catch (error) {
      this.#fail(error as Error);
    } finally {
      this.#writing = undefined;
    }
  }

  async #flush(file: FileHandle): Promise<void> {
    this.#sync = undefined;
    this.#unsynced = false;
    const end = this.#end;
    const folder = this.#unsyncedName;
    this.#unsyncedName = undefined;
    const name = folder === undefined ? undefined : syncFolder(folder);
    await Promise.all([file.datasync(), name]).then(
      () => this.#growing.noteSynced(this.path, end),
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

  /** Resolves when everything taken is synced; `failure` says if that failed. */
  async close(): Promise<void> {
    this.#beginWriting();
    await this.#writing;
    clearTimeout(this.#sync);
    await this.#flushing;
    const file = await this.#opening.catch(() => undefined); // `failure` has the error
    if (file && this.#unsynced) await this.#flush(file);
    this.#growing.noteClosed(this.path);
    await file?.close().catch((error: Error) => this.#fail(error));
  }
}

interface Pending {
  readonly boxes: readonly Buffer[];
  readonly footage: readonly Footage[];
  /** Called when the write has been done or has failed. */
  readonly onWritten?: () => void;
}

async function openUpTo(file: string, bytes: number): Promise<FileHandle> {
  const handle = await open(file, 'r+');
  await handle.truncate(bytes);
  return handle;
}

function releaseAll(pending: readonly Pending[]): void {
  for (const { footage, onWritten } of pending) {
    for (const one of footage) one.release();
    onWritten?.();
  }
}

/**
 * Writes all buffers in order, without copying them into one.
 * @returns the number of bytes
 */
async function writeAll(file: FileHandle, buffers: Buffer[], at: number): Promise<number> {
  const bytes = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
  let { bytesWritten } = await file.writev(buffers, at);
  // The kernel may write only a part. The rest is small, so it is copied into one buffer.
  const rest = bytesWritten < bytes ? Buffer.concat(buffers) : undefined;
  while (rest && bytesWritten < bytes)
    bytesWritten += (await file.write(rest, bytesWritten, bytes - bytesWritten, at + bytesWritten))
      .bytesWritten;
  return bytes;
}

/** The folder of a playback's spool. */
export function spoolFolder(recordDir: string, playbackId: string): string {
  return path.join(recordDir, playbackId);
}

/** The file of the poster in a spool, once it is made. */
export function spoolPoster(recordDir: string, playbackId: string): string {
  return path.join(spoolFolder(recordDir, playbackId), 'poster.jpg');
}

const demandSpoolTogether = together(demandSpool);
/** Syncs a folder. Calls that wait share one sync, which begins after the last of them. */
const syncFolderTogether = together(syncFolder);

/** Makes the folder of a playback's spool, and syncs its entry, so that a power cut does not take it away. */
export async function makeSpoolFolder(recordDir: string, playbackId: string): Promise<string> {
  const folder = spoolFolder(recordDir, playbackId);
  // If the spool's disk is not mounted, footage must not be written into the empty folder at its mount point.
  await demandSpoolTogether(recordDir);
  await addPrivateFolder(folder);
  await syncFolderTogether(recordDir);
  return folder;
}

export async function removeSpool(recordDir: string, playbackId: string): Promise<void> {
  // Tries again, because a poster may be written into the folder while it is removed.
  await rm(spoolFolder(recordDir, playbackId), { recursive: true, force: true, maxRetries: 5 });
}

/**
 * The spool's file, and the wall-clock time of its first frame in epoch milliseconds; undefined if nothing was
 * recorded.
 * @throws Error if the folder cannot be read or the spool is not mounted: then it is unknown whether there is
 *   footage
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
