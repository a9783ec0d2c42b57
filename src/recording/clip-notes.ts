import type { Db } from '../db/client.ts';
import { type ClipProgress, saveClipProgress } from '../db/playbacks.ts';
import type { Log } from '../log.ts';

/**
 * Saves facts about a clip while it is recorded. Writes one after the other, so that an older list of gaps cannot
 * replace a newer one. A failed write is logged and not retried: the outcome contains all facts again.
 */
export class ClipNotes {
  readonly #options: { db: Db; log: Log; playbackId: string };
  #unsaved: ClipProgress = {};
  #saving: Promise<void> = Promise.resolve();

  constructor(options: { db: Db; log: Log; playbackId: string }) {
    this.#options = options;
  }

  save(facts: ClipProgress): void {
    this.#unsaved = { ...this.#unsaved, ...facts };
    this.#saving = this.#saving.then(() => this.#saveAll());
  }

  async #saveAll(): Promise<void> {
    const { db, log, playbackId } = this.#options;
    const facts = this.#unsaved;
    if (Object.keys(facts).length === 0) return;
    this.#unsaved = {};
    try {
      await saveClipProgress(db, playbackId, facts);
    } catch (error) {
      const facts = { playbackId, error };
      log.warn(facts, 'facts about a clip cannot be saved now; they are saved at the end of the recording');
    }
  }
}
