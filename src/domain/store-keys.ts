/** Where a playback's objects live in the store. Derived from the row alone, so that nothing has to be looked up to remove them. */

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
