import type { UploadLayout } from '../db/uploads.ts';
import { objectKeys } from '../domain/store-keys.ts';
import type { Playback } from '../generated/prisma/client.ts';
import { type ObjectBody, UploadGone } from '../store/store.ts';
import { type Clip, clipBody } from './clip.ts';
import type { ClipUpload } from './clip-upload.ts';
import { layoutOf, maxWholeBytes, partsOf } from './upload-layout.ts';

/** A clip as the store has it. */
export interface StoredClip {
  /** The row that gives the clip's key. */
  readonly row: Playback;
  /** In bytes. */
  readonly size: number;
}

/**
 * Stores a complete clip in the bucket: a short one with one request, a longer one in parts. Parts that were sent
 * during the recording stay. The missing ones are sent: the first, the last, and those that errors delayed.
 * Then finisher.ts (`#finish`) goes on and makes the row COMPLETED.
 * @param putWhole stores an object with one request
 * @throws RowChanged
 */
export async function storeClip(
  clip: Clip,
  upload: ClipUpload,
  putWhole: (key: string, body: ObjectBody) => Promise<void>,
  signal: AbortSignal,
): Promise<StoredClip> {
  // The head is made only for a short clip: for a clip of ten hours, that takes seconds.
  const whole = clip.contents.index.payloadBytes <= maxWholeBytes ? clipBody(clip) : undefined;
  if (whole && whole.size <= maxWholeBytes) {
    if (upload.row.uploadPartBytes !== null) await upload.giveUp();
    await putWhole(objectKeys(upload.row).clip, whole);
    return { row: upload.row, size: whole.size };
  }
  try {
    return await sendRest(clip, upload, signal);
  } catch (error) {
    if (!(error instanceof UploadGone)) throw error;
    await upload.begin(layoutOf(clip.contents), signal);
    return sendRest(clip, upload, signal);
  }
}

async function sendRest(clip: Clip, upload: ClipUpload, signal: AbortSignal): Promise<StoredClip> {
  const fitting = () => layoutOf(clip.contents);
  const layout = await upload.open(fitting, signal);
  // If a fragment was left out and the head has another size, the parts that were sent do not fit the clip.
  const isOther = clip.contents.hasHole && layout.headBytes !== fitting().headBytes;
  const cut = isOther ? undefined : cutInto(clip, layout);
  const { body, parts } = cut ?? cutInto(clip, await upload.begin(fitting(), signal))!;
  await upload.sendMissing(parts, body, signal);
  await upload.complete(parts, signal);
  return { row: upload.row, size: body.size };
}

/** @returns undefined if there would be too many parts */
function cutInto(clip: Clip, { partBytes, headBytes }: UploadLayout) {
  const body = clipBody(clip, headBytes);
  const parts = partsOf(body.size, partBytes);
  return parts && { body, parts };
}
