import { typeName } from '../parts/format.ts';
import { t } from '../texts/text.ts';
import type { Playback } from './entities.ts';

const running = new Set<Playback['recordingStatus']>(['PENDING', 'RECORDING', 'PROCESSING']);

/** Whether the status is neither COMPLETED nor FAILED. */
export const isRunning = ({ recordingStatus }: Playback): boolean => running.has(recordingStatus);

/** The order of the API's lists. */
export const newestFirst = (a: Playback, b: Playback): number =>
  a.startedAt < b.startedAt || (a.startedAt === b.startedAt && a.id < b.id) ? 1 : -1;

/** The reason for the recording, in a word or two. */
export function occasion({ event }: Playback): string {
  if (!event) return t('names.byHand');
  return event.label ? `${typeName(event.type)} · ${event.label}` : typeName(event.type);
}
