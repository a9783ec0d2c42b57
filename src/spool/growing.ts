import path from 'node:path';

/** A spool that this process writes. */
export interface GrowingSpool {
  readonly playbackId: string;
  readonly file: string;
  /** This many bytes survive a power cut. Boxes among them may still be overwritten; payload is not. */
  readonly syncedBytes: number;
}

/** The spools that are being written, for the parts of the server that copy them while they grow. */
export class GrowingSpools {
  /** For each spool, by its file: how many bytes are synced. */
  readonly #syncedBytes = new Map<string, number>();
  /** For each spool, by its file: how often its boxes were overwritten since it was opened. */
  readonly #corrections = new Map<string, number>();

  /** Notes that this many bytes of a spool are synced: its size when the sync began. */
  noteSynced(file: string, bytes: number): void {
    this.#syncedBytes.set(file, bytes);
  }

  /** Notes that boxes of a spool were overwritten. */
  noteCorrected(file: string): void {
    this.#corrections.set(file, this.correctionsOf(file) + 1);
  }

  /** How often boxes of a spool were overwritten since it was opened. */
  correctionsOf(file: string): number {
    return this.#corrections.get(file) ?? 0;
  }

  /** Notes that the spool is closed. */
  noteClosed(file: string): void {
    this.#syncedBytes.delete(file);
    this.#corrections.delete(file);
  }

  all(): GrowingSpool[] {
    return [...this.#syncedBytes].map(([file, syncedBytes]) => {
      const playbackId = path.basename(path.dirname(file));
      return { playbackId, file, syncedBytes };
    });
  }
}
