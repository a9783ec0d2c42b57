import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';

export interface S3Access {
  /** e.g. https://ACCOUNT.r2.cloudflarestorage.com */
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** How long and how often a client tries a request. */
export interface Patience {
  /** tries of one request */
  attempts: number;
  /** ms to get a connection */
  connectMs: number;
  /** milliseconds without a byte in either direction after which a request ends, also on half-open connections */
  silenceMs: number;
}

const firstDelayMs = 200;
const longestDelayMs = 10_000;

export function createS3Client(access: S3Access, patience: Patience): S3Client {
  return new S3Client({
    endpoint: access.endpoint,
    region: access.region,
    credentials: { accessKeyId: access.accessKeyId, secretAccessKey: access.secretAccessKey },
    forcePathStyle: true,
    // By default the SDK sends CRC32 trailers in aws-chunked framing. Some S3-compatible stores do not understand that,
    // and some store the framing as content. Requests with a buffer have a SHA-256 in their signature instead.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // With "Expect: 100-continue" the SDK opens a new connection for every part.
    expectContinueHeader: false,
    maxAttempts: patience.attempts,
    retryStrategy: exponentialBackoff(patience.attempts),
    requestHandler: { connectionTimeout: patience.connectMs, socketTimeout: patience.silenceMs },
  });
}

/** The pause before a retry, 1 for the first, in milliseconds: doubled each time, with full jitter. */
export const retryDelayMs = (retry: number): number =>
  Math.random() * Math.min(firstDelayMs * 2 ** (retry - 1), longestDelayMs);

type RetryStrategy = Extract<
  NonNullable<S3ClientConfig['retryStrategy']>,
  { acquireInitialRetryToken: unknown }
>;

/**
 * Retries transient errors. In the SDK's own strategy all requests of a client share 35 retries, and only successes
 * return one: after an outage nothing would be retried at all.
 */
function exponentialBackoff(attempts: number): RetryStrategy {
  return {
    acquireInitialRetryToken: async () => retryToken(0, 0),
    refreshRetryTokenForRetry: async (token, { errorType }) => {
      const retries = token.getRetryCount() + 1;
      const isTransient =
        errorType === 'TRANSIENT' || errorType === 'THROTTLING' || errorType === 'SERVER_ERROR';
      if (!isTransient || retries >= attempts) throw new Error('This request is not retried.');
      return retryToken(retries, retryDelayMs(retries));
    },
    recordSuccess: () => {},
  };
}

function retryToken(retries: number, delayMs: number) {
  return { getRetryCount: () => retries, getRetryDelay: () => delayMs };
}
