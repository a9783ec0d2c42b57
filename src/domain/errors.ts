/** Expected failures of a request, as the contract's closed list of codes has them. */

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

/** What goes with some codes. */
export interface ErrorDetails {
  /** BAD_USER_INPUT */
  readonly issues?: readonly Issue[];
  /** RATE_LIMITED, and CAPACITY where it is known */
  readonly retryAfterMs?: number;
}

/** One thing that is wrong with the input: where it stands, and what was expected. */
export interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A failure that the caller is told about in words; anything else is masked. */
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

/** BAD_USER_INPUT with every fault found, each with its path. */
export function badInput(issues: readonly Issue[]): RequestError {
  const text = issues.map((i) => (i.path.length ? `${i.path.join('.')}: ${i.message}` : i.message)).join(' ');
  return new RequestError('BAD_USER_INPUT', text, { issues });
}
