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

/** An upload that has begun in the bucket. Parts may be sent to it in any order and by any process. */
interface Upload {
  Bucket: string;
  Key: string;
  UploadId: string;
}

/** Part number → ETag, for the parts that are in the bucket. */
type SentParts = Map<number, string>;

/**
 * Stores a body in equal parts, a few at a time, each from a buffer so that it can be sent again. What an earlier
 * try has sent, by this process or one before it, is taken up and not sent again: the plan follows from the size
 * alone, and the bytes from the spool alone. Nothing is under way any more when this rejects.
 *
 * Not `Upload` of @aws-sdk/lib-storage: it cannot take up an upload that another process began, rejects on
 * abort while its requests are still under way, and hides the first error if taking back fails as well.
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
    // Parts that the bucket will not put together must not be taken up again.
    if ((statusOf(error) ?? 0) >= 400 && statusOf(error)! < 500) {
      await abortUpload(client, upload.Bucket, { key: upload.Key, uploadId: upload.UploadId }).catch(
        () => {},
      );
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
 * The upload of this key that has most of the plan's parts. Others of the key are aborted, and so is one with a
 * part that the plan does not have.
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

/** @returns undefined where the upload is not of this plan, or is over by now */
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
 * Sends those of the plan's parts that are not in `sent`, and notes them there. The first failure stops the
 * others; rejects once all have stopped.
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
    // The first answer may have been lost: for the second try the upload is already over. Whether the object
    // is really there is found out by the size check that follows every upload.
    if ((error as Error).name !== 'NoSuchUpload') throw error;
  }
}

/** An upload that is over already is as good as aborted. */
export async function abortUpload(client: S3Client, Bucket: string, upload: OpenUpload): Promise<void> {
  const { key: Key, uploadId: UploadId } = upload;
  try {
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  } catch (error) {
    if ((error as Error).name !== 'NoSuchUpload') throw error;
  }
}
