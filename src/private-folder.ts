import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from './log.ts';

/**
 * The modes of private folders and of the files in them. The files are private, too: footage may be moved elsewhere,
 * and umasks differ.
 */
export const privateFolderMode = 0o700;
export const privateFileMode = 0o600;

const forOthers = 0o077;
/** A folder with this bit is for all users, like /tmp, so its mode is not changed. */
const sticky = 0o1000;

/**
 * Makes a folder that only this server's user may read, whatever the umask is. An existing folder gets that mode.
 */
export function makePrivateFolder(folder: string, log: Log): void {
  mkdirSync(folder, { recursive: true, mode: privateFolderMode });
  const { mode } = statSync(folder);
  if (mode & sticky || !(mode & forOthers)) return;
  try {
    chmodSync(folder, privateFolderMode);
  } catch (error) {
    log.warn(
      { folder, error },
      'other users of this machine may look into this folder; give it the mode 0700',
    );
  }
}

/** Makes a private folder in one that is there already. An existing folder stays as it is. */
export async function addPrivateFolder(folder: string): Promise<void> {
  await mkdir(folder, privateFolderMode).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/**
 * Reads a file of this server. The first start makes it, for this server's user alone.
 * @param make its first content
 */
export async function readOrMakeFile(file: string, make: () => string | Buffer): Promise<Buffer> {
  await mkdir(path.dirname(file), { recursive: true, mode: privateFolderMode });
  await writeFile(file, make(), { flag: 'wx', mode: privateFileMode }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    },
  );
  return readFile(file);
}
