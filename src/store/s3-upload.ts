import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { type Part, type PartPlan, planParts } from './parts.ts';
import type { ObjectBody } from './store.ts';

export interface S3Clients {
  /** for work that can wait out a bad minute */
  patient: S3Client;
  /** for what must be over soon, or does not matter that much */
  hasty: S3Client;
}

/** An upload that has begun in the bucket. Parts may be sent to it in any order and by any process. */
interface Upload {
  Bucket: string;
  Key: string;
  UploadId: string;
}

/** Part number → ETag, for the parts that are in the bucket. */
type SentParts = Map<number, string>;

/**
 * Stores a body in equal parts, a few at a time, each from a buffer so that it can be sent again. What was
 * sent is taken back if it cannot be finished, and nothing is under way any more when this rejects.
 *
 * Not `Upload` of @aws-sdk/lib-storage: it cannot take up an upload that another process began, rejects on
 * abort while its requests are still under way, and hides the first error if taking back fails as well.
 */
export async function uploadInParts(
  { patient: client, hasty }: S3Clients,
  target: { Bucket: string; Key: string },
  body: ObjectBody,
  contentType: string,
  signal: AbortSignal,
): Promise<void> {
  const plan = planParts(body.size);
  const begin = new CreateMultipartUploadCommand({ ...target, ContentType: contentType });
  const { UploadId } = await client.send(begin, { abortSignal: signal });
  if (UploadId === undefined)
    throw new Error(`The bucket began an upload of ${target.Key} without giving its id.`);
  const upload = { ...target, UploadId };
  try {
    const sent = await sendParts(client, upload, body, plan, signal);
    await complete(client, upload, sent, signal);
  } catch (error) {
    await takeBack(hasty, upload);
    throw error;
  }
}

/** Sends all of the plan's parts. The first failure stops the others; rejects once all have stopped. */
async function sendParts(
  client: S3Client,
  upload: Upload,
  body: ObjectBody,
  plan: PartPlan,
  signal: AbortSignal,
): Promise<SentParts> {
  const sent: SentParts = new Map();
  const waiting = plan.parts.values();
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
  return sent;
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

/** Best effort, not bound to the caller's signal: in time the bucket drops unfinished uploads itself. */
async function takeBack(client: S3Client, upload: Upload): Promise<void> {
  await client.send(new AbortMultipartUploadCommand(upload)).catch(() => {});
}
