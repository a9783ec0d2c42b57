import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { keyBytes } from './seal.ts';

export type SecretKeys = readonly [Buffer, ...Buffer[]];

/** The text form of a key: base64 or base64url of 32 bytes. */
export const secretKeyForm = /^[\w+/-]{43}=?$/;

/** The file in DATA_DIR that holds the keys if SECRET_KEY is not set: one key per line. The first one seals. */
export const secretKeyFile = (dataDir: string): string => path.join(dataDir, 'secret-key');

/**
 * The secret keys of this server: those of SECRET_KEY, or else those of the file in DATA_DIR. If there is no file, it is
 * made and synced to the disk before this resolves.
 * @throws Error if the file cannot be read, or contains something else than keys
 */
export async function readSecretKeys(
  dataDir: string,
  configured: readonly string[] | undefined,
): Promise<SecretKeys> {
  if (configured) return keysOf(configured, 'SECRET_KEY');
  const file = secretKeyFile(dataDir);
  const lines = await readLines(file);
  if (lines) {
    await chmod(file, 0o600);
    return keysOf(lines, `The file ${file}`);
  }
  const made = newKey();
  await writeLines(file, [made]);
  return keysOf([made], file);
}

/** Adds a new key as the file's first. After its next start the server seals all addresses with the new key. */
export async function addSecretKey(dataDir: string): Promise<void> {
  await readSecretKeys(dataDir, undefined);
  const file = secretKeyFile(dataDir);
  await writeLines(file, [newKey(), ...((await readLines(file)) ?? [])]);
}

/** Removes all keys except the first from the file. Call it once nothing is sealed with the other keys. */
export async function dropEarlierKeys(dataDir: string): Promise<void> {
  const file = secretKeyFile(dataDir);
  const [current, ...earlier] = (await readLines(file)) ?? [];
  if (current && earlier.length > 0) await writeLines(file, [current]);
}

const newKey = () => randomBytes(keyBytes).toString('base64url');

function keysOf(texts: readonly string[], where: string): SecretKeys {
  const [first, ...others] = texts;
  if (!first || !texts.every((text) => secretKeyForm.test(text))) {
    throw new Error(
      `${where} does not hold keys of ${keyBytes} bytes each as base64. Restore it from a backup.`,
    );
  }
  const bytesOf = (text: string) => Buffer.from(text, 'base64');
  return [bytesOf(first), ...others.map(bytesOf)];
}

async function readLines(file: string): Promise<string[] | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text?.split('\n').filter(Boolean);
}

/** Writes the file so that it has the old or the new lines, even after a power cut. */
async function writeLines(file: string, lines: readonly string[]): Promise<void> {
  const dir = path.dirname(file);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const aside = `${file}.new`;
  await writeSynced(aside, `${lines.join('\n')}\n`);
  await rename(aside, file);
  const folder = await open(dir);
  await folder.sync().finally(() => folder.close());
}

async function writeSynced(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
