/** The object keys of a playback. They follow from the row alone, so that objects can be removed without a look-up. */

export interface ObjectKeys {
  readonly clip: string;
  readonly poster: string;
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
  };
}

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const ours = new RegExp(`^${uuid}/\\d{4}-\\d{2}-\\d{2}/(${uuid})(?:(?:\\.[1-9]\\d*)?\\.mp4|\\.jpg)$`);

/** The playback that an object belongs to; undefined for a key that objectKeys does not make. */
export function playbackOfKey(key: string): string | undefined {
  return ours.exec(key)?.[1];
}
