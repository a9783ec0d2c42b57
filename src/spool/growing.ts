import path from 'node:path';

/** By file: how many bytes are synced, of each spool that this process writes. */
const growing = new Map<string, number>();
/** How often the boxes of each spool were corrected, by file. */
const corrections = new Map<string, number>();

/** A spool that this process writes. */
export interface GrowingSpool {
  readonly playbackId: string;
  readonly file: string;
  /** This many bytes survive a power cut. Their `moof` boxes may still be rewritten; their payload may not. */
  readonly syncedBytes: number;
}

/** Notes that this many bytes of a spool are synced: its size when the sync began. */
export function noteSynced(file: string, bytes: number): void {
  growing.set(file, bytes);
}

/** Notes that boxes of a spool were overwritten. */
export function noteCorrected(file: string): void {
  corrections.set(file, correctionsOf(file) + 1);
}

/** How often boxes of a spool were overwritten since this process opened it. */
export const correctionsOf = (file: string): number => corrections.get(file) ?? 0;

/** Notes that the spool is closed. */
export function noteClosed(file: string): void {
  growing.delete(file);
  corrections.delete(file);
}

/** The spools in this folder that this process is writing. */
export function growingSpools(recordDir: string): GrowingSpool[] {
  return [...growing].flatMap(([file, syncedBytes]) => {
    const folder = path.dirname(file);
    return path.dirname(folder) === path.normalize(recordDir)
      ? [{ playbackId: path.basename(folder), file, syncedBytes }]
      : [];
  });
}
