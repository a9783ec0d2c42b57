/** What the machine or this process is short of at the moment: that says nothing about a file. */
const passing = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EBUSY', 'ESTALE']);
const missing = new Set(['ENOENT', 'ENOTDIR']);

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? '';

/** The spool's disk is not mounted: that says nothing about what is on it. */
export class SpoolAway extends Error {}

/** Whether trying again later can help. */
export const willPass = (error: unknown): boolean => error instanceof SpoolAway || passing.has(codeOf(error));

/** Whether what was looked for is not there. Any other error is no reason to believe so. */
export const isMissing = (error: unknown): boolean => missing.has(codeOf(error));
