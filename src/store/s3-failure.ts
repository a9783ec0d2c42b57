import { type FailureCode, RecordingFailure } from '../domain/failures.ts';

/** Names the bucket in messages, without its credentials. */
export interface BucketName {
  bucket: string;
  /** host and port of the endpoint */
  host: string;
}

/** The store received other bytes than were sent (S3 API reference, "Error responses"). */
const mismatches = new Set(['BadDigest', 'IncompleteBody', 'InvalidDigest', 'XAmzContentSHA256Mismatch']);

/** 4xx answers after which a retry from the start can succeed. */
const transient = new Set(['NoSuchUpload', 'RequestTimeout']);

const advice: Partial<Record<FailureCode, string>> = {
  STORE_REFUSED: " Check the bucket's name, the credentials, their rights and this machine's clock.",
};

/** Whether the error belongs to a request, even one without an answer: the SDK marks it with `$metadata`. */
export function isRequestError(error: unknown): boolean {
  return error instanceof Error && '$metadata' in error;
}

/** The HTTP status of an SDK error; undefined if there was no answer. */
export function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

/**
 * Turns a failed request into a failure with a message for people. `task` completes "… could not …", e.g. "store
 * clips/a.mp4". The text of the answer is left out, because it may quote the signed request.
 */
export function s3Failure(target: BucketName, task: string, error: unknown): RecordingFailure {
  const status = statusOf(error);
  const { name, code: errno } = error as { name: string; code?: string };
  const code = failureCode(status, name);
  const subject = `The bucket "${target.bucket}" at ${target.host}`;
  const what = code === 'STORE_REFUSED' ? `${subject} refused to ${task}` : `${subject} could not ${task}`;
  const why = status === undefined ? `no answer: ${errno ?? name}` : `${status} ${name}`;
  return new RecordingFailure(code, `${what} (${why}).${advice[code] ?? ''}`, { cause: error });
}

function failureCode(status: number | undefined, name: string): FailureCode {
  if (mismatches.has(name)) return 'STORE_MISMATCH';
  if (status === undefined || status < 300 || status >= 500) return 'STORE_UNREACHABLE';
  return status === 408 || status === 429 || transient.has(name) ? 'STORE_UNREACHABLE' : 'STORE_REFUSED';
}
