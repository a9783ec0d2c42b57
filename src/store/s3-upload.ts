import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { type Part, type PartPlan, planParts } from './parts.ts';
import { statusOf } from './s3-failure.ts';
import { type OpenUpload, uploadsThatShow } from './s3-listing.ts';
import type { ObjectBody } from './store.ts';

/** A multipart upload. Its parts may be sent in any order and by any process. */
interface Upload {
  Bucket: string;
  Key: string;
  UploadId: string;
}

/** Part number → ETag, for the parts that are in the bucket. */
type SentParts = Map<number, string>;

/**
 * Stores a body in equal parts, a few in parallel, each from a buffer so that it can be retried. Parts that an earlier
 * try has sent, by this process or an earlier one, are not sent again: the plan depends only on the size, and the bytes
 * only on the spool. When this rejects, no request is running any more.
 *
 * `Upload` of @aws-sdk/lib-storage cannot resume an upload that another process began, rejects on abort while its requests
 * are still running, and hides the first error if aborting fails as well.
 */
export async function uploadInParts(
  client: S3Client,
  target: { Bucket: string; Key: string },
  body: ObjectBody,
  contentType: string,
  signal: AbortSignal,
): Promise<void> {
  const plan = planParts(body.size);
  const begun = await findBegun(client, target, plan, signal);
  const upload = begun?.upload ?? (await begin(client, target, contentType, signal));
  const sent = begun?.sent ?? new Map();
  await sendParts(client, upload, body, plan, sent, signal);
  try {
    await complete(client, upload, sent, signal);
  } catch (error) {
    // The bucket refuses to complete the upload from these parts, so no retry may reuse them.
    if ((statusOf(error) ?? 0) >= 400 && statusOf(error)! < 500) {
      const begun = { key: upload.Key, uploadId: upload.UploadId };
      await abortUpload(client, upload.Bucket, begun).catch(() => {}); // the first error says more
    }
    throw error;
  }
}

async function begin(
  client: S3Client,
  target: { Bucket: string; Key: string },
  ContentType: string,
  abortSignal: AbortSignal,
): Promise<Upload> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...target, ContentType }), {
    abortSignal,
  });
  if (UploadId === undefined)
    throw new Error(`The bucket began an upload of ${target.Key} without giving its id.`);
  return { ...target, UploadId };
}

/**
 * Finds the unfinished upload of this key with most of the plan's parts. All others of this key are aborted, and those
 * with a part that is not in the plan.
 */
async function findBegun(
  client: S3Client,
  target: { Bucket: string; Key: string },
  plan: PartPlan,
  signal: AbortSignal,
): Promise<{ upload: Upload; sent: SentParts } | undefined> {
  let best: { upload: Upload; sent: SentParts } | undefined;
  const begun = await uploadsThatShow(client, target.Bucket, target.Key);
  for (const { key, uploadId } of begun.filter(({ key }) => key === target.Key)) {
    signal.throwIfAborted();
    const upload = { ...target, UploadId: uploadId };
    const sent = await listSent(client, upload, plan, signal);
    const loser = sent === undefined || (best && sent.size <= best.sent.size) ? upload : best?.upload;
    if (loser) await abortUpload(client, target.Bucket, { key, uploadId: loser.UploadId });
    if (sent && loser !== upload) best = { upload, sent };
  }
  return best;
}

/** @returns undefined if the upload has a part that is not in the plan, or no longer exists */
async function listSent(
  client: S3Client,
  upload: Upload,
  plan: PartPlan,
  signal: AbortSignal,
): Promise<SentParts | undefined> {
  const sent: SentParts = new Map();
  let PartNumberMarker: string | undefined;
  try {
    do {
      const command = new ListPartsCommand({ ...upload, ...(PartNumberMarker && { PartNumberMarker }) });
      const page = await client.send(command, { abortSignal: signal });
      for (const { PartNumber = 0, Size, ETag } of page.Parts ?? []) {
        const planned = plan.parts[PartNumber - 1];
        if (!planned || !ETag || Size !== planned.to - planned.from) return undefined;
        sent.set(PartNumber, ETag);
      }
      PartNumberMarker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
    } while (PartNumberMarker);
  } catch (error) {
    if ((error as Error).name === 'NoSuchUpload') return undefined;
    throw error;
  }
  return sent;
}

/**
 * Sends the parts of the plan that are not in `sent`, and adds them to `sent`. The first error stops all; rejects once
 * all have stopped.
 */
async function sendParts(
  client: S3Client,
  upload: Upload,
  body: ObjectBody,
  plan: PartPlan,
  sent: SentParts,
  signal: AbortSignal,
): Promise<void> {
  const waiting = plan.parts.filter(({ number }) => !sent.has(number)).values();
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);

  async function sendOneAfterAnother(): Promise<void> {
    const buffer = Buffer.allocUnsafe(plan.partSize);
    for (const part of waiting) {
      const bytes = await readPart(body, part, buffer);
      stopped.throwIfAborted();
      const command = new UploadPartCommand({ ...upload, PartNumber: part.number, Body: bytes });
      const { ETag } = await client.send(command, { abortSignal: stopped });
      if (ETag === undefined)
        throw new Error(`The bucket took part ${part.number} of ${upload.Key} without an ETag.`);
      sent.set(part.number, ETag);
    }
  }

  let firstError: { error: unknown } | undefined;
  const lanes = Array.from({ length: plan.atOnce }, () =>
    sendOneAfterAnother().catch((error: unknown) => {
      firstError ??= { error };
      stop.abort();
    }),
  );
  await Promise.all(lanes);
  if (firstError) throw firstError.error;
}

/** Reads a part into the front of `buffer`. */
export async function readPart(
  body: ObjectBody,
  { from, to }: Omit<Part, 'number'>,
  buffer: Buffer,
): Promise<Buffer> {
  let filled = 0;
  for await (const chunk of body.read(from, to)) filled += chunk.copy(buffer, filled);
  if (filled !== to - from)
    throw new Error(`The body gave ${filled} bytes from ${from} on; expected ${to - from}.`);
  return buffer.subarray(0, filled);
}

async function complete(
  client: S3Client,
  upload: Upload,
  sent: SentParts,
  signal: AbortSignal,
): Promise<void> {
  const inOrder = [...sent].sort(([a], [b]) => a - b);
  const Parts = inOrder.map(([PartNumber, ETag]) => ({ PartNumber, ETag }));
  const command = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } });
  try {
    await client.send(command, { abortSignal: signal });
  } catch (error) {
    // The answer to the first try may have been lost: then the upload no longer exists for the second try. The size check
    // after every upload shows whether the object exists.
    if ((error as Error).name !== 'NoSuchUpload') throw error;
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
