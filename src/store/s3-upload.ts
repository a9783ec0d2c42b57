import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  ListPartsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { OpenUpload } from './s3-listing.ts';
import type { Sender } from './s3-put.ts';
import { type SentPart, type Transfer, UploadGone } from './store.ts';

/** A multipart upload. Its parts may be sent in any order and by any process. */
export interface S3Upload {
  Bucket: string;
  Key: string;
  UploadId: string;
}

/** Errors by which the bucket refuses to complete an upload from these parts: a retry must not use the parts again. */
const unusable = new Set(['InvalidPart', 'InvalidPartOrder', 'EntityTooSmall']);

/** @returns the part's ETag */
export async function sendPart(
  sender: Sender,
  { Key, UploadId }: S3Upload,
  number: number,
  bytes: Buffer,
  transfer: Transfer,
): Promise<string> {
  const query = { partNumber: String(number), uploadId: UploadId };
  const etag = await orGone(sender.put({ Key, query }, bytes, transfer));
  if (!etag) throw new Error(`The bucket took part ${number} of ${Key} without an ETag.`);
  return etag;
}

/** The parts that the bucket has; undefined if the credentials may not list them. */
export async function listParts(
  client: S3Client,
  upload: S3Upload,
): Promise<Map<number, SentPart> | undefined> {
  const parts = new Map<number, SentPart>();
  let PartNumberMarker: string | undefined;
  do {
    const command = new ListPartsCommand({ ...upload, ...(PartNumberMarker && { PartNumberMarker }) });
    const page = await orGone(client.send(command)).catch((error: Error) => {
      if (error.name === 'AccessDenied') return undefined;
      throw error;
    });
    if (!page) return undefined;
    for (const { PartNumber, Size, ETag } of page.Parts ?? []) {
      if (PartNumber && ETag) parts.set(PartNumber, { bytes: Size ?? 0, etag: ETag });
    }
    PartNumberMarker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
  } while (PartNumberMarker);
  return parts;
}

export async function completeUpload(
  client: S3Client,
  upload: S3Upload,
  parts: ReadonlyMap<number, SentPart>,
  { signal }: Transfer,
): Promise<void> {
  const inOrder = [...parts].sort(([a], [b]) => a - b);
  const Parts = inOrder.map(([PartNumber, { etag: ETag }]) => ({ PartNumber, ETag }));
  const command = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } });
  try {
    await orGone(client.send(command, { ...(signal && { abortSignal: signal }) }));
  } catch (error) {
    if (unusable.has((error as Error).name)) throw new UploadGone(error);
    throw error;
  }
}

/** Aborts an upload; one that no longer exists counts as aborted. */
export async function abortUpload(client: S3Client, Bucket: string, upload: OpenUpload): Promise<void> {
  const { key: Key, uploadId: UploadId } = upload;
  try {
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  } catch (error) {
    if ((error as Error).name !== 'NoSuchUpload') throw error;
  }
}

async function orGone<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw (error as Error).name === 'NoSuchUpload' ? new UploadGone(error) : error;
  }
}
