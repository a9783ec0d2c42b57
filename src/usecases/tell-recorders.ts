import type { StoppedPlayback } from '../db/ends.ts';
import type { Parts } from './parts.ts';

/**
 * Tells the node that records each playback up to when footage is kept. Here that is `Recorder.keepUntil`
 * (recording/recorder.ts); another node is called over HTTP, and not waited for.
 */
export function tellRecorders(tasksOf: Parts['tasksOf'], stopped: readonly StoppedPlayback[]): void {
  for (const { id, nodeId, recordUntil } of stopped) {
    tasksOf(nodeId)
      .keepUntil({ id, until: recordUntil })
      .catch(() => {}); // that node finds the end in the row (recording/automatic-ends.ts)
  }
}
