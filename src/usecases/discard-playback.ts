import type { Parts } from './parts.ts';

/** Ends whatever works on a playback that is being deleted, and removes its spool. A second call changes nothing. */
export async function discardPlayback(
  { recorder, finisher }: Pick<Parts, 'recorder' | 'finisher'>,
  id: string,
): Promise<void> {
  await recorder.discard(id);
  await finisher.discard(id);
}
