import { objectKeys, recoveryKeys } from '../domain/store-keys.ts';
import { clipFrame, fastStartHead } from '../mp4/fast-start.ts';
import { bufferBody } from '../store/body.ts';
import type { GuardedObjects, SentPart, Store } from '../store/store.ts';
import { encodeManifest } from './manifest.ts';
import { coveredUpTo, sortedRanges } from './payload-ranges.ts';
import type { PayloadObject, Remains } from './remains.ts';

/** A clip that was made from objects in the bucket. */
export interface RestoredClip {
  readonly key: string;
  /** The attempt in the clip's key (domain/store-keys.ts). */
  readonly attempt: number;
  /** In bytes. */
  readonly size: number;
  /** Where its payload begins, in bytes from the beginning of the object. */
  readonly payloadFrom: number;
}

/**
 * Marks the recording as recovered, so that its server stops using the upload.
 * @throws ObjectChanged if the server is alive, or if another process recovers the recording
 */
export async function markRecovered(guarded: GuardedObjects, remains: Remains, at: Date): Promise<void> {
  const { manifest, etag } = remains;
  // An earlier try has marked the recording already, and was interrupted.
  if (manifest.takenAt) return;
  const bytes = encodeManifest({ ...manifest, takenAt: at.toISOString() });
  const { manifest: key } = recoveryKeys(manifest.installation, manifest.playback.id);
  await guarded.write(key, bytes, 'application/json', etag);
}

/**
 * Makes the clip. With an upload, keeps its parts and fills in what lies before and after them from recovery objects.
 * Without one, stores one object made from recovery objects.
 */
export async function restoreClip(
  store: Store,
  guarded: GuardedObjects,
  remains: Remains,
): Promise<RestoredClip> {
  const { stored, manifest, index } = remains;
  const { upload } = manifest;
  // An upload keeps room for a longer head than the clip has in the end.
  const payloadFrom = (key: string) => (upload?.key === key ? upload.headBytes : fastStartHead(index).length);
  if (stored) {
    const { key, attempt, size } = stored;
    return { key, attempt, size, payloadFrom: payloadFrom(key) };
  }
  if (remains.upload && upload && remains.parts.size > 0) {
    const size = await completeUpload(guarded, remains);
    const { key, headBytes } = upload;
    return { key, attempt: manifest.playback.uploadAttempt, size, payloadFrom: headBytes };
  }
  const whole = await putWhole(store, guarded, remains);
  return { ...whole, payloadFrom: payloadFrom(whole.key) };
}

async function putWhole(store: Store, guarded: GuardedObjects, { manifest, objects, index }: Remains) {
  const payload = await readPayload(guarded, objects.payload, 0, index.payloadBytes);
  const body = Buffer.concat([fastStartHead(index), payload]);
  // A new key: a key under which there was an upload must not get another object.
  const attempt = manifest.playback.uploadAttempt + 1;
  const { clip: key } = objectKeys({
    id: manifest.playback.id,
    cameraId: manifest.camera.id,
    startedAt: new Date(manifest.playback.startedAt),
    uploadAttempt: attempt,
  });
  await store.put(key, bufferBody(body), 'video/mp4');
  return { key, attempt, size: body.length };
}

/** @returns the clip's size in bytes */
async function completeUpload(guarded: GuardedObjects, remains: Remains): Promise<number> {
  const { index, objects } = remains;
  const { partBytes, headBytes } = remains.manifest.upload!;
  const upload = remains.upload!;
  const payloadUpTo = (number: number) => number * partBytes - headBytes;
  const kept = new Map<number, SentPart>();
  for (const [number, part] of remains.parts) {
    // The last part may also have bytes after the clip's last fragment. If recovery objects hold its footage, it is not
    // kept, but made again from them without those bytes.
    const isLast = payloadUpTo(number) > index.payloadBytes;
    if (isLast && coveredUpTo(objects.payload, payloadUpTo(number - 1)) >= index.payloadBytes) break;
    kept.set(number, part);
    if (payloadUpTo(number) >= index.payloadBytes) break;
  }

  const lastKept = Math.max(1, ...kept.keys());
  // A part cannot be cut. Its bytes after the last complete fragment stay in the file, but no index names them.
  const payloadBytes = Math.max(index.payloadBytes, kept.size > 0 ? payloadUpTo(lastKept) : 0);
  const { head, tail } = clipFrame(index, headBytes, payloadBytes);
  const first = await readPayload(guarded, objects.payload, 0, Math.min(payloadUpTo(1), payloadBytes));
  const rest = await readPayload(guarded, objects.payload, payloadUpTo(lastKept), payloadBytes);
  const after = Buffer.concat([rest, tail]);
  const parts = new Map(kept);
  const send = async (number: number, bytes: Buffer) =>
    parts.set(number, { bytes: bytes.length, etag: await upload.sendPart(number, bytes, {}) });
  for (let at = 0; at < after.length; at += partBytes)
    await send(lastKept + 1 + at / partBytes, after.subarray(at, at + partBytes));
  await send(1, Buffer.concat([head, first]));
  await upload.complete(parts, {});
  return [...parts.values()].reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * Reads bytes of the payload from recovery objects.
 * @throws Error if they do not hold all of it
 */
async function readPayload(
  guarded: GuardedObjects,
  objects: readonly PayloadObject[],
  from: number,
  to: number,
): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.max(0, to - from));
  let at = from;
  for (const object of sortedRanges(objects)) {
    if (at >= to) break;
    if (object.from > at || object.to <= at) continue;
    const held = await guarded.read(object.key);
    if (!held) continue;
    at += held.bytes.copy(bytes, at - from, at - object.from);
  }
  if (at < to) throw new Error(`The bucket holds the payload up to byte ${at}; ${to} are needed.`);
  return bytes;
}
