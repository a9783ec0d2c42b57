import { open, readFile } from 'node:fs/promises';
import { privateFileMode } from '../private-folder.ts';
import { isMissing } from './errors.ts';

/** Appends a line to a file, and syncs it, so that a power cut does not take the line away. */
export async function appendLine(path: string, line: string): Promise<void> {
  const file = await open(path, 'a', privateFileMode);
  try {
    await file.write(`${line}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** @returns the complete lines of a file, without a last one that is incomplete; none if there is no file */
export async function readLines(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((error) => {
    if (isMissing(error)) return '';
    throw error;
  });
  return text.split('\n').slice(0, -1);
}
