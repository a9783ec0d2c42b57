import { open } from 'node:fs/promises';

/** Whether a name in the spool's folder is the folder of a playback. */
export function isSpoolName(name: string): boolean {
  return /^[0-9a-f-]{36}$/.test(name);
}

/** Syncs a folder, so that a power cut does not take away the names in it. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
