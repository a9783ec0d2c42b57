import { type FailureCode, RecordingFailure } from '../domain/failures.ts';

/** The bucket as a person knows it; never its credentials. */
export interface BucketName {
  bucket: string;
  /** host and port of the endpoint */
  host: string;
}

/** What arrived differs from what was sent (S3 API reference, "Error responses"). */
const MISMATCHES = new Set(['BadDigest', 'IncompleteBody', 'InvalidDigest', 'XAmzContentSHA256Mismatch']);

/** 4xx answers that another try from the start can cure. */
const PASSING = new Set(['NoSuchUpload', 'RequestTimeout']);

const ADVICE: Partial<Record<FailureCode, string>> = {
  STORE_REFUSED: " Check the bucket's name, the credentials, their rights and this machine's clock.",
};

/** The SDK marks what came of a request, or of no answer, with `$metadata`; the rest is no fault of the store. */
export function isRequestError(error: unknown): boolean {
  return error instanceof Error && '$metadata' in error;
}

/** The HTTP status of an SDK error; undefined if no answer came. */
export function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

/**
 * A failed request as a sentence for a person. `task` completes "… could not …", e.g. "store clips/a.mp4".
 * The answer's own text is left out: it may quote what was signed.
 */
export function s3Failure(place: BucketName, task: string, error: unknown): RecordingFailure {
  const status = statusOf(error);
  const { name, code: errno } = error as { name: string; code?: string };
  const code = failureCode(status, name);
  const subject = `The bucket "${place.bucket}" at ${place.host}`;
  const what = code === 'STORE_REFUSED' ? `${subject} refused to ${task}` : `${subject} could not ${task}`;
  const why = status === undefined ? `no answer: ${errno ?? name}` : `${status} ${name}`;
  return new RecordingFailure(code, `${what} (${why}).${ADVICE[code] ?? ''}`, { cause: error });
}

function failureCode(status: number | undefined, name: string): FailureCode {
  if (MISMATCHES.has(name)) return 'STORE_MISMATCH';
  if (status === undefined || status < 300 || status >= 500) return 'STORE_UNREACHABLE';
  return status === 408 || status === 429 || PASSING.has(name) ? 'STORE_UNREACHABLE' : 'STORE_REFUSED';
}
