import {
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { StoredObject } from './store.ts';

/** Lists the objects whose key begins with `prefix`, in the order of their keys, with one request per 1,000 objects. */
export async function* listObjects(
  client: S3Client,
  Bucket: string,
  prefix: string,
): AsyncGenerator<StoredObject> {
  let ContinuationToken: string | undefined;
  do {
    const command = new ListObjectsV2Command({
      Bucket,
      Prefix: prefix,
      ...(ContinuationToken && { ContinuationToken }),
    });
    const page = await client.send(command);
    for (const { Key, Size } of page.Contents ?? []) if (Key) yield { key: Key, size: Size ?? 0 };
    ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (ContinuationToken);
}

export interface OpenUpload {
  key: string;
  uploadId: string;
}

/** Lists multipart uploads that were neither completed nor aborted. A bucket without any may omit `Uploads`. */
export async function* listUploads(
  client: S3Client,
  Bucket: string,
  prefix: string,
): AsyncGenerator<OpenUpload> {
  let marker: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
  while (marker) {
    const command = new ListMultipartUploadsCommand({ Bucket, Prefix: prefix, ...marker });
    const page: ListMultipartUploadsCommandOutput = await client.send(command);
    for (const { Key, UploadId } of page.Uploads ?? []) {
      if (Key && UploadId) yield { key: Key, uploadId: UploadId };
    }
    const { NextKeyMarker, NextUploadIdMarker } = page;
    marker =
      page.IsTruncated && NextKeyMarker
        ? { KeyMarker: NextKeyMarker, ...(NextUploadIdMarker && { UploadIdMarker: NextUploadIdMarker }) }
        : undefined;
  }
}

/**
 * The unfinished uploads; none if the credentials may not list them: rights on objects alone do not include that
 * right.
 */
export async function uploadsThatShow(
  client: S3Client,
  Bucket: string,
  prefix: string,
): Promise<OpenUpload[]> {
  const found: OpenUpload[] = [];
  try {
    for await (const upload of listUploads(client, Bucket, prefix)) found.push(upload);
  } catch (error) {
    if ((error as Error).name !== 'AccessDenied') throw error;
  }
  return found;
}
