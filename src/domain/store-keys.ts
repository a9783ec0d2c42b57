/** The object keys of a playback. They follow from the row alone, so that objects can be removed without a look-up. */

export interface ObjectKeys {
  readonly clip: string;
  readonly poster: string;
}

/** Keys by camera and UTC day, so that people and lifecycle rules can find them. */
export function objectKeys(playback: { id: string; cameraId: string; startedAt: Date }): ObjectKeys {
  const day = playback.startedAt.toISOString().slice(0, 10);
  const base = `${playback.cameraId}/${day}/${playback.id}`;
  return { clip: `${base}.mp4`, poster: `${base}.jpg` };
}

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const ours = new RegExp(`^${uuid}/\\d{4}-\\d{2}-\\d{2}/(${uuid})\\.(?:mp4|jpg)$`);

/** The playback that an object belongs to; undefined for a key that objectKeys does not make. */
export function playbackOfKey(key: string): string | undefined {
  return ours.exec(key)?.[1];
}
