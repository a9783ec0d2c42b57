import type { Parts } from './parts.ts';

/** Ends all work on a playback that is being deleted, and removes its footage. A second call changes nothing. */
export async function discardPlayback(
  { recorder, finisher }: Pick<Parts, 'recorder' | 'finisher'>,
  id: string,
): Promise<void> {
  await recorder.stopWithoutOutcome(id);
  await finisher.discard(id);
}
