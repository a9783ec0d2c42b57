import path from 'node:path';

/** By file: how many bytes of each spool that this process writes are synced. */
const growing = new Map<string, number>();

/** A spool that this process writes. */
export interface GrowingSpool {
  readonly playbackId: string;
  readonly file: string;
  /** A power cut cannot take away the bytes before this. Corrections of times change them, but no payload. */
  readonly syncedBytes: number;
}

/** Says how much of a spool is synced: what was its end when the sync began. */
export function noteSynced(file: string, bytes: number): void {
  growing.set(file, bytes);
}

/** The spool is closed. */
export function noteClosed(file: string): void {
  growing.delete(file);
}

/** The spools in this folder that are being written. */
export function growingSpools(recordDir: string): GrowingSpool[] {
  return [...growing].flatMap(([file, syncedBytes]) => {
    const folder = path.dirname(file);
    return path.dirname(folder) === path.normalize(recordDir)
      ? [{ playbackId: path.basename(folder), file, syncedBytes }]
      : [];
  });
}
