import { objectKeys, parseRecoveryKey, recoveryFolder, recoveryKeys } from '../domain/store-keys.ts';
import { parseInit } from '../mp4/init-segment.ts';
import { SampleIndex } from '../mp4/sample-index.ts';
import { addFragment } from '../spool/reader.ts';
import { type GuardedObjects, type ObjectInfo, type Store, type Upload, UploadGone } from '../store/store.ts';
import { fragmentHeads } from './fragment-heads.ts';
import { decodeManifest, type Manifest } from './manifest.ts';
import { coveredUpTo, type PayloadRange } from './payload-ranges.ts';

/** A recovery object with payload. */
export interface PayloadObject extends PayloadRange {
  readonly key: string;
}

/** The recovery objects of one recording in the bucket. */
export interface RecoveryObjects {
  readonly installation: string;
  readonly playbackId: string;
  /** The keys of all objects, the manifest's included. */
  readonly keys: readonly string[];
  /** The keys of the index objects, in the order of the footage. */
  readonly index: readonly string[];
  readonly payload: readonly PayloadObject[];
}

/** What the bucket holds of a recording without a clip. */
export interface Remains {
  readonly objects: RecoveryObjects;
  readonly manifest: Manifest;
  /** The ETag of the manifest. */
  readonly etag: string;
  /** The age of the manifest by the bucket's clock. */
  readonly ageMs: number;
  /** The clip, if the server had stored it already but not yet written its row. */
  readonly stored: (ObjectInfo & { readonly key: string; readonly attempt: number }) | undefined;
  readonly upload: Upload | undefined;
  /** The complete parts of the upload from part 2 on, without a hole, by number. */
  readonly parts: ReadonlyMap<number, { readonly bytes: number; readonly etag: string }>;
  /** The complete fragments whose payload the bucket has, from the first one on without a hole. */
  readonly index: SampleIndex;
}

interface Listed extends RecoveryObjects {
  readonly keys: string[];
  readonly index: string[];
  readonly payload: PayloadObject[];
}

/** The recordings with recovery objects in the bucket. @param folder only those whose keys begin with it */
export async function listRecordings(store: Store, folder = recoveryFolder): Promise<RecoveryObjects[]> {
  const found = new Map<string, Listed>();
  for await (const { key, size } of store.list(folder)) {
    const object = parseRecoveryKey(key);
    if (!object) continue;
    const { installation, playbackId, part } = object;
    const recording = found.get(playbackId) ?? { installation, playbackId, keys: [], index: [], payload: [] };
    found.set(playbackId, recording);
    recording.keys.push(key);
    if (part.kind === 'index') recording.index.push(key);
    if (part.kind === 'payload') recording.payload.push({ key, from: part.from, to: part.from + size });
  }
  // Numbers in keys have leading zeros, so they sort as text.
  for (const { index } of found.values()) index.sort();
  return [...found.values()];
}

/**
 * Reads what the bucket holds of a recording.
 * @param untilSec fragments that begin at or after this media time are left out
 * @returns undefined if there is no manifest: the playback was completed or deleted, and only leftovers are here
 * @throws Error if the manifest cannot be used, RecordingFailure if the bucket does not answer
 */
export async function readRemains(
  store: Store,
  guarded: GuardedObjects,
  objects: RecoveryObjects,
  untilSec = Number.POSITIVE_INFINITY,
): Promise<Remains | undefined> {
  const { installation, playbackId } = objects;
  const held = await guarded.read(recoveryKeys(installation, playbackId).manifest);
  if (!held) return undefined;
  const manifest = decodeManifest(held.bytes);
  const { upload, parts } = await readUpload(store, manifest);
  const reach = coveredUpTo([...objects.payload, ...rangesOf(parts, manifest)]);
  const index = await readIndex(guarded, objects, manifest, { reach, untilSec });
  const { etag, ageMs } = held;
  return { objects, manifest, etag, ageMs, stored: await findStored(store, manifest), upload, parts, index };
}

/**
 * Finds the clip: under the key of the manifest's attempt or, if one request stored it, under the key of the next
 * attempt.
 */
async function findStored(store: Store, { playback, camera }: Manifest): Promise<Remains['stored']> {
  const facts = { id: playback.id, cameraId: camera.id, startedAt: new Date(playback.startedAt) };
  for (const attempt of [playback.uploadAttempt, playback.uploadAttempt + 1]) {
    const key = objectKeys({ ...facts, uploadAttempt: attempt }).clip;
    const info = await store.stat(key);
    if (info) return { ...info, key, attempt };
  }
  return undefined;
}

async function readUpload(store: Store, manifest: Manifest): Promise<Pick<Remains, 'upload' | 'parts'>> {
  const none = { upload: undefined, parts: new Map() };
  if (!manifest.upload || !store.uploads) return none;
  const { key, id, partBytes } = manifest.upload;
  const upload = store.uploads.resume(key, id);
  try {
    const listed = await upload.listParts();
    if (!listed) throw new Error('The credentials may not list the parts of uploads, which this needs.');
    const parts = new Map();
    for (let number = 2; listed.get(number)?.bytes === partBytes; number++)
      parts.set(number, listed.get(number)!);
    return { upload, parts };
  } catch (error) {
    if (error instanceof UploadGone) return none;
    throw error;
  }
}

/** The byte ranges of the payload that parts of the upload hold. */
function rangesOf(parts: Remains['parts'], { upload }: Manifest): PayloadRange[] {
  if (!upload) return [];
  const { partBytes, headBytes } = upload;
  return [...parts.keys()].map((number) => ({
    from: (number - 1) * partBytes - headBytes,
    to: number * partBytes - headBytes,
  }));
}

/** Indexes the complete fragments within the first `reach` bytes of the payload and before `untilSec`. */
async function readIndex(
  guarded: GuardedObjects,
  { index: keys }: RecoveryObjects,
  manifest: Manifest,
  { reach, untilSec }: { readonly reach: number; readonly untilSec: number },
): Promise<SampleIndex> {
  const index = new SampleIndex(parseInit(Buffer.from(manifest.init, 'base64')));
  let have = 0;
  for (const key of keys) {
    const part = parseRecoveryKey(key)!.part;
    if (part.kind !== 'index' || part.first > have) break;
    const bytes = (await guarded.read(key))?.bytes;
    if (!bytes) break;
    // After a restart the server writes a new index, so a fragment may be in two objects.
    let number = part.first;
    for (const { moof, shape } of fragmentHeads(bytes)) {
      if (number++ < have) continue;
      if (index.payloadBytes + shape.payloadBytes > reach) return index;
      if (!addFragment(index, { moof, shape }, untilSec)) return index;
      have++;
    }
  }
  return index;
}
