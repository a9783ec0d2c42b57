/** The status machine of a playback (contract: RecordingStatus). Pure. */

export type RecordingStatus = 'PENDING' | 'RECORDING' | 'PROCESSING' | 'COMPLETED' | 'FAILED';

/**
 * Which status may follow which. PENDING: nobody records yet. RECORDING: a recorder has taken it up and keeps
 * whatever the camera delivers. PROCESSING: all footage is on disk and closed. FAILED goes back to PROCESSING
 * when the footage is still held locally (retryPlayback).
 */
const next: Record<RecordingStatus, readonly RecordingStatus[]> = {
  PENDING: ['RECORDING', 'FAILED'],
  RECORDING: ['PROCESSING', 'FAILED'],
  PROCESSING: ['COMPLETED', 'FAILED'],
  COMPLETED: [],
  FAILED: ['PROCESSING'],
};

export function mayFollow(from: RecordingStatus, to: RecordingStatus): boolean {
  return next[from].includes(to);
}
