/** The object keys of a playback. They follow from the row alone, so that objects can be removed without a look-up. */

export interface ObjectKeys {
  readonly clip: string;
  readonly poster: string;
  /** The JPEG and the WebVTT of the storyboard. */
  readonly storyboard: string;
  readonly storyboardVtt: string;
}

/** The columns of a playback that its keys follow from. */
export interface KeyFacts {
  readonly id: string;
  readonly cameraId: string;
  readonly startedAt: Date;
  readonly uploadAttempt: number;
}

/**
 * Keys by camera and UTC day, so that people and lifecycle rules can find them. Each upload of a clip has a key of its
 * own, so that no upload can overwrite what another one completed.
 */
export function objectKeys({ id, cameraId, startedAt, uploadAttempt }: KeyFacts): ObjectKeys {
  const day = startedAt.toISOString().slice(0, 10);
  const base = `${cameraId}/${day}/${id}`;
  return {
    clip: uploadAttempt === 0 ? `${base}.mp4` : `${base}.${uploadAttempt}.mp4`,
    poster: `${base}.jpg`,
    storyboard: `${base}.storyboard.jpg`,
    storyboardVtt: `${base}.storyboard.vtt`,
  };
}

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const ours = new RegExp(
  `^${uuid}/\\d{4}-\\d{2}-\\d{2}/(${uuid})(?:(?:\\.[1-9]\\d*)?\\.mp4|(?:\\.storyboard)?\\.jpg|\\.storyboard\\.vtt)$`,
);

/** The playback that an object belongs to; undefined for a key that objectKeys does not make. */
export function playbackOfKey(key: string): string | undefined {
  return ours.exec(key)?.[1];
}

/** The keys of a recording's recovery objects, which the bucket holds while it is recorded (docs/decisions/0022). */
export interface RecoveryKeys {
  /** The folder of all these keys, with a slash at its end. */
  readonly folder: string;
  readonly manifest: string;
  /** @param first the number of the first fragment in the index object */
  index(first: number): string;
  /** @param from the offset of the object's first byte in the recording's payload */
  payload(from: number): string;
}

export const recoveryFolder = 'recovery/';

export function recoveryKeys(installation: string, playbackId: string): RecoveryKeys {
  const folder = `${recoveryFolder}${installation}/${playbackId}/`;
  return {
    folder,
    manifest: `${folder}manifest.json`,
    index: (first) => `${folder}index/${String(first).padStart(10, '0')}.moofs`,
    payload: (from) => `${folder}payload/${String(from).padStart(16, '0')}.bin`,
  };
}

const recovery = new RegExp(
  `^${recoveryFolder}(${uuid})/(${uuid})/(?:manifest\\.json|index/(\\d{10})\\.moofs|payload/(\\d{16})\\.bin)$`,
);

export interface RecoveryObject {
  readonly installation: string;
  readonly playbackId: string;
  readonly part:
    | { readonly kind: 'manifest' }
    | { readonly kind: 'index'; readonly first: number }
    | { readonly kind: 'payload'; readonly from: number };
}

/** Reads a key that `recoveryKeys` made. @returns undefined for any other key */
export function parseRecoveryKey(key: string): RecoveryObject | undefined {
  const [, installation, playbackId, first, from] = recovery.exec(key) ?? [];
  if (!installation || !playbackId) return undefined;
  if (first !== undefined) return { installation, playbackId, part: { kind: 'index', first: Number(first) } };
  if (from !== undefined) return { installation, playbackId, part: { kind: 'payload', from: Number(from) } };
  return { installation, playbackId, part: { kind: 'manifest' } };
}
