import path from 'node:path';
import type { Config } from '../config.ts';
import { schemaProblem } from '../db/proof.ts';

/**
 * Says why the server did not start, and what to do. Returns the same error if its message says so already.
 * @param error what a part threw when it was started
 */
export function startFailure(error: unknown, { dataDir, recordDir }: Config): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const { message, path: file } = error as NodeJS.ErrnoException;
  const ofSchema = schemaProblem(error);
  if (ofSchema) return new Error(ofSchema, { cause: error });
  if (file === undefined) return error;
  const lies = (folder: string) =>
    file === folder || file.startsWith(folder + path.sep) || folder.startsWith(file);
  const variable = lies(recordDir) ? 'RECORD_DIR' : lies(dataDir) ? 'DATA_DIR' : undefined;
  if (!variable) return error;
  const folder = variable === 'DATA_DIR' ? dataDir : recordDir;
  const advice = `${variable}: the folder ${folder} cannot be used as it is. Let this user write to it, or set another.`;
  return new Error(`${advice} (${message})`, { cause: error });
}
