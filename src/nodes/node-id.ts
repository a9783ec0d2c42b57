import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { readOrMakeFile } from '../private-folder.ts';

const form = /^[\w.-]{1,100}$/;

/**
 * The id of this server: NODE_ID, or what the file `node-id` in the data folder says, which is made at the first start.
 * @throws Error if the file holds something else
 */
export async function readNodeId(dataDir: string, given: string | undefined): Promise<string> {
  if (given !== undefined) return given;
  const file = path.join(dataDir, 'node-id');
  const id = String(await readOrMakeFile(file, () => `${randomUUID()}\n`)).trim();
  if (form.test(id)) return id;
  throw new Error(
    `The file ${file} does not hold a node’s id (up to 100 letters, digits, "_", "." and "-"); remove it, and a new one is made.`,
  );
}
