import type { StoppedPlayback } from '../db/ends.ts';
import type { Parts } from './parts.ts';

/** Tells whoever records these playbacks up to when footage is kept. Does not wait for other nodes. */
export function tellRecorders(tasksOf: Parts['tasksOf'], stopped: readonly StoppedPlayback[]): void {
  for (const { id, nodeId, recordUntil } of stopped) {
    tasksOf(nodeId)
      .keepUntil({ id, until: recordUntil })
      .catch(() => {}); // it finds the end in the row (recording/automatic-ends.ts)
  }
}
