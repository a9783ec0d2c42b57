import path from 'node:path';

/** By file: how many bytes are synced, of each spool that this process writes. */
const growing = new Map<string, number>();

/** A spool that this process writes. */
export interface GrowingSpool {
  readonly playbackId: string;
  readonly file: string;
  /**
   * A power cut cannot take away the bytes before this one. Corrections of times change boxes among them, but no
   * payload.
   */
  readonly syncedBytes: number;
}

/** Notes that this many bytes of a spool are synced: its size when the sync began. */
export function noteSynced(file: string, bytes: number): void {
  growing.set(file, bytes);
}

/** Notes that the spool is closed. */
export function noteClosed(file: string): void {
  growing.delete(file);
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
