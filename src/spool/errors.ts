/** Errors because this machine or process lacks something at the moment. They say nothing about the file. */
const transient = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EBUSY', 'ESTALE']);
const missing = new Set(['ENOENT', 'ENOTDIR']);

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? '';

/** The spool's disk is not mounted. This says nothing about the footage on it. */
export class SpoolAway extends Error {}

/** Whether a later retry may succeed. */
export const isTransient = (error: unknown): boolean =>
  error instanceof SpoolAway || transient.has(codeOf(error));

/** Whether the error says that the file or folder does not exist. No other error proves that. */
export const isMissing = (error: unknown): boolean => missing.has(codeOf(error));
