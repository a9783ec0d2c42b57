import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { statusOf } from './s3-failure.ts';
import type { Sender } from './s3-put.ts';
import { type GuardedObject, ObjectChanged } from './store.ts';

/** @returns undefined if there is no such object */
export async function readGuarded(
  client: S3Client,
  target: { Bucket: string; Key: string },
): Promise<GuardedObject | undefined> {
  let now: number | undefined;
  const command = new GetObjectCommand(target);
  // Reads the bucket's own time from the answer, because the age of an object is measured by the bucket's clock alone.
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers } = result.response as { headers?: Record<string, string> };
      now = Date.parse(headers?.['date'] ?? '');
      return result;
    },
    { step: 'deserialize', name: 'readDate' },
  );
  try {
    const { Body, ETag, LastModified } = await client.send(command);
    if (!Body || !ETag || !LastModified || !now)
      throw new Error(`The bucket gave ${target.Key} without its ETag, its time or the time of day.`);
    return {
      bytes: Buffer.from(await Body.transformToByteArray()),
      etag: ETag,
      ageMs: now - LastModified.getTime(),
    };
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/**
 * Writes an object if it is still as it was read (RFC 9110, 13.1.1).
 * @throws ObjectChanged
 */
export async function writeGuarded(
  sender: Sender,
  Key: string,
  bytes: Buffer,
  contentType: string,
  etag: string | undefined,
): Promise<string> {
  const condition: Record<string, string> =
    etag === undefined ? { 'if-none-match': '*' } : { 'if-match': etag };
  try {
    const written = await sender.put(
      { Key, headers: { 'content-type': contentType, ...condition } },
      bytes,
      {},
    );
    if (!written) throw new Error(`The bucket took ${Key} without an ETag.`);
    return written;
  } catch (error) {
    // 404: the object no longer exists; 409: another write is in progress.
    const status = statusOf(error);
    if (status === 412 || status === 409 || (status === 404 && etag !== undefined))
      throw new ObjectChanged(Key, error);
    throw error;
  }
}
