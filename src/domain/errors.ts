/** The expected failures of a request. Clients rely on this list of codes: docs/client.md names all of them. */

export type ErrorCode =
  | 'BAD_USER_INPUT'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'RATE_LIMITED'
  | 'CAPACITY'
  | 'QUERY_TOO_COMPLEX'
  | 'CURSOR_EXPIRED'
  | 'SUBSCRIBER_LAGGED';

/** Data that some codes come with. */
export interface ErrorDetails {
  /** With BAD_USER_INPUT. */
  readonly issues?: readonly Issue[];
  /** With RATE_LIMITED, and with CAPACITY if it is known. */
  readonly retryAfterMs?: number;
}

/** One error in the input: its path, and what was expected. */
export interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A failure whose message is sent to the client. The messages of all other errors are masked. */
export class RequestError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message);
    this.name = 'RequestError';
    this.code = code;
    this.details = details;
  }
}

export const notFound = (noun: string, id: string) =>
  new RequestError('NOT_FOUND', `There is no ${noun} with the id "${id}".`);

export const conflict = (message: string) => new RequestError('CONFLICT', message);

/** BAD_USER_INPUT with every error that was found. */
export function badInput(issues: readonly Issue[]): RequestError {
  const text = issues.map((i) => (i.path.length ? `${i.path.join('.')}: ${i.message}` : i.message)).join(' ');
  return new RequestError('BAD_USER_INPUT', text, { issues });
}
