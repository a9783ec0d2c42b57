import type { Parts } from './parts.ts';

/** Ends all work on a playback that is being deleted, and removes its spool. A second call changes nothing. */
export async function discardPlayback(
  { recorder, finisher, offsite }: Pick<Parts, 'recorder' | 'finisher' | 'offsite'>,
  id: string,
): Promise<void> {
  // The keys of the recovery objects are noted beside the spool, so this comes before the spool is removed.
  await offsite?.forget(id);
  await recorder.discard(id);
  await finisher.discard(id);
  await offsite?.forget(id);
}
