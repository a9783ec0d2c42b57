import { type FileHandle, mkdir, open, rename, rm, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RecordingFailure } from '../domain/failures.ts';
import { privateFileMode, privateFolderMode } from '../private-folder.ts';
import { bufferBody } from './body.ts';
import { etagOf } from './etag.ts';
import { assertKey, contentTypeOf } from './key.ts';
import { listFiles, listUnfinishedFiles, removeIfEmpty, unfinishedSuffix } from './local-listing.ts';
import type { ObjectBody, Store, Transfer } from './store.ts';

export interface LocalStoreOptions {
  /** The folder of the objects; made when the first object is written. */
  dir: string;
  /**
   * This server's base URL without a slash at the end. A function, because the URL is known only once the server
   * listens.
   */
  baseUrl: () => string;
  /**
   * Makes the signed path of an object, which is valid only as long as the holder's key or token is. Left out: paths
   * are not signed.
   */
  sign?: (key: string, holder: string) => string;
}

/** Bytes of an object that are read at a time. */
const readBytes = 256 * 1024;
const testObjectKey = 'flashback-check';
const plain = (key: string) => `/media/${key}`;

/** A store in a local folder. An object's media type follows from its key's extension. */
export function createLocalStore({ dir, baseUrl, sign = plain }: LocalStoreOptions): Store {
  const beingWritten = new Set<string>();
  let checking: Promise<void> | undefined;

  async function write(key: string, body: ObjectBody, signal?: AbortSignal): Promise<void> {
    const path = localPath(dir, key);
    // The unfinished file of a key always has the same name, so that a retry replaces what an interrupted write left.
    const unfinished = unfinishedPath(dir, key);
    const task = `store ${key}`;
    await onDisk(dir, task, () => makeFolder(dirname(path)));
    try {
      await writeFile(unfinished, body, dir, task, signal);
      await onDisk(dir, task, () => rename(unfinished, path));
    } catch (error) {
      await rm(unfinished, { force: true }).catch(() => {}); // the error of writing says more; a retry replaces the file
      throw error;
    }
    await onDisk(dir, task, () => syncFolder(dirname(path)));
  }

  async function put(
    key: string,
    body: ObjectBody,
    contentType: string,
    { signal }: Transfer = {},
  ): Promise<void> {
    assertKey(key);
    signal?.throwIfAborted();
    if (contentTypeOf(key) !== contentType) {
      throw new Error(`${key} cannot be stored as ${contentType}; its extension says ${contentTypeOf(key)}.`);
    }
    if (beingWritten.has(key))
      throw new Error(`${key} is being written already; expected one writer at a time.`);
    beingWritten.add(key);
    try {
      await write(key, body, signal);
    } finally {
      beingWritten.delete(key);
    }
  }

  function addressBy(pathOf: (key: string, holder: string) => string, key: string, holder = ''): string {
    assertKey(key);
    return `${baseUrl()}${pathOf(key, holder)}`;
  }

  return {
    kind: 'local',
    uploads: undefined,
    guarded: undefined,
    put,

    async stat(key) {
      return onDisk(dir, `say what it holds under ${key}`, async () => {
        const found = await statOrNothing(localPath(dir, key));
        if (!found?.isFile()) return undefined;
        return { size: Number(found.size), contentType: contentTypeOf(key), etag: etagOf(found) };
      });
    },

    async *read(key, range) {
      const path = localPath(dir, key);
      const file = await onDisk(dir, `give ${key}`, () => open(path));
      const part = range && { start: range.from, end: range.to - 1 };
      yield* file.createReadStream({ highWaterMark: readBytes, ...part });
    },

    async remove(key) {
      const path = localPath(dir, key);
      await onDisk(dir, `remove ${key}`, async () => {
        await rm(path, { force: true });
        await syncFolder(dirname(path)).catch(ignoreMissing);
      });
    },

    async removeAll(objects) {
      const left = new Map<string, RecordingFailure>();
      const inFolder = new Map<string, string[]>();
      for (const { key } of objects) {
        const folder = dirname(localPath(dir, key));
        inFolder.set(folder, [...(inFolder.get(folder) ?? []), key]);
      }
      const remove = (some: readonly string[], operation: () => Promise<unknown>) =>
        onDisk(dir, `remove ${some[0]}`, operation).catch((error) => {
          if (!(error instanceof RecordingFailure)) throw error;
          for (const key of some) left.set(key, error);
        });
      for (const [folder, some] of inFolder) {
        for (const key of some) {
          await remove([key], async () => {
            await unlink(localPath(dir, key)).catch(ignoreMissing);
            await unlink(unfinishedPath(dir, key)).catch(ignoreMissing);
          });
        }
        // One sync for all objects removed from a folder.
        await remove(some, () => syncFolder(folder).catch(ignoreMissing));
        await removeIfEmpty(folder, dir).catch(() => {}); // an empty folder that stays does no harm
      }
      return left;
    },

    list: (prefix) => listFiles(dir, prefix),
    listUnfinished: () => listUnfinishedFiles(dir),

    address: (key) => addressBy(plain, key),
    url: async (key, holder) => addressBy(sign, key, holder),
    downloadUrl: async (key, name, holder) =>
      `${addressBy(sign, key, holder)}?download=${encodeURIComponent(name)}`,
    check() {
      // Calls during a check share its result, because an object may have only one writer at a time.
      checking ??= put(testObjectKey, bufferBody(Buffer.alloc(0)), contentTypeOf(testObjectKey)).finally(
        () => {
          checking = undefined;
        },
      );
      return checking;
    },
    close: async () => {},
  };
}

/** The path of an object's file, always inside the folder. @throws Error if the key is invalid */
export function localPath(dir: string, key: string): string {
  assertKey(key);
  return join(dir, ...key.split('/'));
}

function unfinishedPath(dir: string, key: string): string {
  const path = localPath(dir, key);
  return join(dirname(path), `.${basename(path)}${unfinishedSuffix}`);
}

async function writeFile(
  path: string,
  body: ObjectBody,
  dir: string,
  task: string,
  signal?: AbortSignal,
): Promise<void> {
  const file = await onDisk(dir, task, () => open(path, 'w', privateFileMode));
  try {
    let written = 0;
    for await (const chunk of body.read(0, body.size)) {
      signal?.throwIfAborted();
      await onDisk(dir, task, () => writeFully(file, chunk));
      written += chunk.length;
    }
    if (written !== body.size) throw new Error(`The body gave ${written} bytes; expected ${body.size}.`);
    await onDisk(dir, task, () => file.sync());
    const { size } = await onDisk(dir, task, () => file.stat());
    if (size !== body.size) {
      const message = `The folder ${dir} holds ${size} bytes after an attempt to ${task}; expected ${body.size}.`;
      throw new RecordingFailure('STORE_MISMATCH', message);
    }
  } finally {
    await file.close();
  }
}

/** Repeats short writes: a disk that fills up causes a short write before it causes an error. */
async function writeFully(file: FileHandle, chunk: Buffer): Promise<void> {
  let done = 0;
  while (done < chunk.length) done += (await file.write(chunk, done)).bytesWritten;
}

/** Makes a folder and its parents durably: after each new folder, its parent is synced. */
async function makeFolder(folder: string): Promise<void> {
  const topmostNew = await mkdir(folder, { recursive: true, mode: privateFolderMode });
  if (topmostNew === undefined) return;
  for (let made = folder; ; made = dirname(made)) {
    await syncFolder(dirname(made));
    if (made === topmostNew) return;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function statOrNothing(path: string) {
  return stat(path, { bigint: true }).catch(ignoreMissing);
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}

const diskFull = new Set(['ENOSPC', 'EDQUOT']);
/** Missing rights, or something else in place of the folder: a person has to act. */
const refused = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENAMETOOLONG']);

/** Runs a file operation. Its errors become failures that name the `task`, which completes "… could not …". */
async function onDisk<T>(dir: string, task: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code;
    if (errno === undefined) throw error;
    const why = diskFull.has(errno) ? `its disk is full, ${errno}` : errno;
    const code = refused.has(errno) ? 'STORE_REFUSED' : 'STORE_UNREACHABLE';
    throw new RecordingFailure(code, `The folder ${dir} could not ${task} (${why}).`, { cause: error });
  }
}
