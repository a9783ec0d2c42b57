import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { retryDelayMs } from './s3-client.ts';
import { isRequestError } from './s3-failure.ts';

/** How many connections in a row may be lost, without a byte between them. */
const mostLost = 5;

/**
 * The bytes of an object, or of a range of it. After a lost connection, reading continues at the same byte, if the object
 * is still the same: a bucket ends a connection on which the reader pauses, for example because a browser is slow.
 */
export async function* readObject(
  client: S3Client,
  target: { Bucket: string; Key: string },
  { from, to }: { readonly from: number; readonly to?: number } = { from: 0 },
): AsyncGenerator<Buffer> {
  let at = 0;
  let whole: { size: number; etag: string | undefined } | undefined;
  for (let lost = 0; whole === undefined || at < whole.size; ) {
    try {
      const begin = from + at;
      const isPart = begin > 0 || to !== undefined;
      const rest = {
        ...(isPart && { Range: `bytes=${begin}-${to === undefined ? '' : to - 1}` }),
        ...(whole && { IfMatch: whole.etag }),
      };
      const {
        Body,
        ContentLength = 0,
        ETag,
      } = await client.send(new GetObjectCommand({ ...target, ...rest }));
      whole ??= { size: ContentLength, etag: ETag };
      for await (const bytes of Body as AsyncIterable<Buffer>) {
        at += bytes.length;
        lost = 0;
        yield bytes;
      }
    } catch (error) {
      if (isRequestError(error) || ++lost > mostLost) throw error; // the SDK has retried the request
      await sleep(retryDelayMs(lost));
    }
  }
}
