/** The state machine of a playback's status (RecordingStatus in schema.graphql). */

export type RecordingStatus = 'PENDING' | 'RECORDING' | 'PROCESSING' | 'COMPLETED' | 'FAILED';

/**
 * Which status may follow which. PENDING: recording has not begun. RECORDING: the recorder keeps what the camera
 * delivers. PROCESSING: all footage is on disk, and no more is added. FAILED goes back to PROCESSING if the footage is
 * still on disk (retryPlayback).
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
