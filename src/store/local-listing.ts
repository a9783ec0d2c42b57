import { opendir, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { StoredObject } from './store.ts';

/** The name of an unfinished file begins with a dot and ends with this. */
export const unfinishedSuffix = '.part';

/** Lists the objects whose key begins with `prefix`; none if the folder does not exist yet. */
export async function* listFiles(dir: string, prefix: string): AsyncGenerator<StoredObject> {
  for await (const file of filesIn(dir)) {
    const key = keyOf(dir, file);
    if (path.basename(file).startsWith('.') || !key.startsWith(prefix)) continue;
    const found = await stat(file).catch(() => undefined); // removed since the folder was listed
    if (found) yield { key, size: found.size };
  }
}

/** Lists the keys of unfinished files: those being written now, and those of writes that were interrupted. */
export async function* listUnfinishedFiles(dir: string): AsyncGenerator<string> {
  for await (const file of filesIn(dir)) {
    const name = path.basename(file);
    if (!name.startsWith('.') || !name.endsWith(unfinishedSuffix)) continue;
    yield keyOf(dir, path.join(path.dirname(file), name.slice(1, -unfinishedSuffix.length)));
  }
}

/** Removes the folder if it is empty, and then each empty parent below `dir`. */
export async function removeIfEmpty(folder: string, dir: string): Promise<void> {
  for (let at = folder; at !== dir && at.startsWith(dir); at = path.dirname(at)) {
    try {
      await rmdir(at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOTEMPTY' || code === 'EEXIST') return;
      if (code !== 'ENOENT') throw error;
    }
  }
}

function keyOf(dir: string, file: string): string {
  return path.relative(dir, file).split(path.sep).join('/');
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  const entries = await opendir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!entries) return;
  for await (const entry of entries) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(at);
    else if (entry.isFile()) yield at;
  }
}
