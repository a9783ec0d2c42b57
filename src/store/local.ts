import { type FileHandle, mkdir, open, rename, rm, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RecordingFailure } from '../domain/failures.ts';
import { privateFileMode, privateFolderMode } from '../private-folder.ts';
import { bufferBody } from './body.ts';
import { etagOf } from './etag.ts';
import { assertKey, contentTypeOf } from './key.ts';
import { listFiles, listUnfinishedFiles, removeIfEmpty, UNFINISHED } from './local-listing.ts';
import type { ObjectBody, Store } from './store.ts';

export interface LocalStoreOptions {
  /** The folder that holds the objects; made when it is first needed. */
  dir: string;
  /** This server's own base URL, without a slash at the end; known only once it listens. */
  baseUrl: () => string;
  /** Path under which an object can be fetched for a while, where that takes a signature; it ends with the holder. */
  sign?: (key: string, holder: string) => string;
}

const PROBE_KEY = 'flashback-check';
const plain = (key: string) => `/media/${key}`;

/** A folder as the store. An object's media type is that of its key's extension. */
export function createLocalStore({ dir, baseUrl, sign = plain }: LocalStoreOptions): Store {
  const beingWritten = new Set<string>();
  let checking: Promise<void> | undefined;

  async function write(key: string, body: ObjectBody, signal?: AbortSignal): Promise<void> {
    const path = localPath(dir, key);
    // One fixed name for a key's unfinished file: the try after a crash replaces what the crash left behind.
    const unfinished = unfinishedPath(dir, key);
    const task = `store ${key}`;
    await onDisk(dir, task, () => makeFolder(dirname(path)));
    try {
      await writeFile(unfinished, body, dir, task, signal);
      await onDisk(dir, task, () => rename(unfinished, path));
    } catch (error) {
      await rm(unfinished, { force: true }).catch(() => {});
      throw error;
    }
    await onDisk(dir, task, () => syncFolder(dirname(path)));
  }

  async function put(
    key: string,
    body: ObjectBody,
    contentType: string,
    signal?: AbortSignal,
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
    put,

    async stat(key) {
      return onDisk(dir, `say what it holds under ${key}`, async () => {
        const found = await statOrNothing(localPath(dir, key));
        if (!found?.isFile()) return undefined;
        return { size: Number(found.size), contentType: contentTypeOf(key), etag: etagOf(found) };
      });
    },

    async remove(key) {
      const path = localPath(dir, key);
      await onDisk(dir, `remove ${key}`, async () => {
        await rm(path, { force: true });
        await syncFolder(dirname(path)).catch(ignoreMissing);
      });
    },

    async removeAll(keys) {
      const left = new Map<string, RecordingFailure>();
      const inFolder = new Map<string, string[]>();
      for (const key of keys) {
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
        // One sync for all the names that went from a folder.
        await remove(some, () => syncFolder(folder).catch(ignoreMissing));
        await removeIfEmpty(folder, dir).catch(() => {});
      }
      return left;
    },

    list: (prefix) => listFiles(dir, prefix),
    listUnfinished: () => listUnfinishedFiles(dir),

    address: (key) => addressBy(plain, key),
    url: async (key, holder) => addressBy(sign, key, holder),
    downloadUrl: async (key, holder) => `${addressBy(sign, key, holder)}?download=1`,
    check() {
      // Whoever asks meanwhile is told the same.
      checking ??= put(PROBE_KEY, bufferBody(Buffer.alloc(0)), contentTypeOf(PROBE_KEY)).finally(() => {
        checking = undefined;
      });
      return checking;
    },
    close: async () => {},
  };
}

/** The file that holds an object. @throws Error for an invalid key: no path leads out of the folder */
export function localPath(dir: string, key: string): string {
  assertKey(key);
  return join(dir, ...key.split('/'));
}

function unfinishedPath(dir: string, key: string): string {
  const path = localPath(dir, key);
  return join(dirname(path), `.${basename(path)}${UNFINISHED}`);
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
      const message = `The folder ${dir} holds ${size} bytes of what should ${task}; expected ${body.size}.`;
      throw new RecordingFailure('STORE_MISMATCH', message);
    }
  } finally {
    await file.close();
  }
}

/** A full disk makes a write short before it makes one fail. */
async function writeFully(file: FileHandle, chunk: Buffer): Promise<void> {
  let done = 0;
  while (done < chunk.length) done += (await file.write(chunk, done)).bytesWritten;
}

/** Makes a folder and those above it, durably: each new name is synced in the folder that holds it. */
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

const FULL = new Set(['ENOSPC', 'EDQUOT']);
/** Rights, and what is not the folder it should be: nothing changes until a person acts. */
const REFUSED = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENAMETOOLONG']);

/** Runs file operations of the store; their errors become failures that say what could not be done. */
async function onDisk<T>(dir: string, task: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code;
    if (errno === undefined) throw error;
    const why = FULL.has(errno) ? `its disk is full, ${errno}` : errno;
    const code = REFUSED.has(errno) ? 'STORE_REFUSED' : 'STORE_UNREACHABLE';
    throw new RecordingFailure(code, `The folder ${dir} could not ${task} (${why}).`, { cause: error });
  }
}
