import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';

export interface S3Access {
  /** e.g. https://ACCOUNT.r2.cloudflarestorage.com */
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** How long a client goes on before it gives up on a request. */
export interface Patience {
  /** tries of one request */
  attempts: number;
  /** ms to get a connection */
  connectMs: number;
  /** ms without a byte in either direction; ends requests on half-open connections */
  silenceMs: number;
}

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 10_000;

export function createS3Client(access: S3Access, patience: Patience): S3Client {
  return new S3Client({
    endpoint: access.endpoint,
    region: access.region,
    credentials: { accessKeyId: access.accessKeyId, secretAccessKey: access.secretAccessKey },
    forcePathStyle: true,
    // Not every S3-like store understands the SDK's default, CRC32 trailers in aws-chunked framing; some store
    // the framing as content. Requests with a buffer are guarded by the SHA-256 in their signature.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // With "Expect: 100-continue" the SDK opens a new connection for every part.
    expectContinueHeader: false,
    maxAttempts: patience.attempts,
    retryStrategy: exponentialBackoff(patience.attempts),
    requestHandler: { connectionTimeout: patience.connectMs, socketTimeout: patience.silenceMs },
  });
}

type RetryStrategy = Extract<
  NonNullable<S3ClientConfig['retryStrategy']>,
  { acquireInitialRetryToken: unknown }
>;

/**
 * Doubling delays with full jitter, for what may pass. The SDK's own strategy lets all requests of a client
 * share 35 retries, which only successes give back: after an outage nothing would be retried at all.
 */
function exponentialBackoff(attempts: number): RetryStrategy {
  return {
    acquireInitialRetryToken: async () => retryToken(0, 0),
    refreshRetryTokenForRetry: async (token, { errorType }) => {
      const retries = token.getRetryCount() + 1;
      const mayPass = errorType === 'TRANSIENT' || errorType === 'THROTTLING' || errorType === 'SERVER_ERROR';
      if (!mayPass || retries >= attempts) throw new Error('This request is not tried again.');
      const longest = Math.min(FIRST_DELAY_MS * 2 ** (retries - 1), LONGEST_DELAY_MS);
      return retryToken(retries, Math.random() * longest);
    },
    recordSuccess: () => {},
  };
}

function retryToken(retries: number, delayMs: number) {
  return { getRetryCount: () => retries, getRetryDelay: () => delayMs };
}
