import { chmodSync, mkdirSync, statSync } from 'node:fs';
import type { Log } from './log.ts';

/** What is made inside a private folder is private, too: footage may be moved, and umasks differ. */
export const privateFolderMode = 0o700;
export const privateFileMode = 0o600;

const forOthers = 0o077;
/** On a folder it means that it is for everybody, as /tmp is: its mode is not ours to change. */
const sticky = 0o1000;

/**
 * Makes a folder into which nobody but this server's user may look, and makes one that is there so, whatever the umask
 * and the folder above allow.
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
