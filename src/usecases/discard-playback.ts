import type { Parts } from './parts.ts';

/** Ends whatever works on a playback that is being deleted, and removes its spool. A second call changes nothing. */
export async function discardPlayback(
  { recorder, finisher, offsite }: Pick<Parts, 'recorder' | 'finisher' | 'offsite'>,
  id: string,
): Promise<void> {
  // The spool, which goes now, says what the bucket holds of it.
  await offsite?.forget(id);
  await recorder.discard(id);
  await finisher.discard(id);
  await offsite?.forget(id);
}
