// The content of a clip, and when its camera sent it.
import type { TestCamera } from '../camera/camera.ts';
import { type CountedFrame, readFrames } from '../media/frames.ts';
import { download, type PlaybackFacts } from './playbacks.ts';

export interface Clip {
  file: string;
  frames: CountedFrame[];
  /** When the camera sent each of the frames, in epoch milliseconds. */
  sent: number[];
  firstSentAt: number;
  lastSentAt: number;
  /** The largest difference between a frame's time in the clip and its wall-clock time, in milliseconds. */
  worst: number;
}

/** @param nearMs the camera repeats its film; the repetition nearest to this time is meant */
export async function readClip(
  camera: TestCamera,
  playback: PlaybackFacts,
  dir: string,
  nearMs = Date.parse(playback.startedAt),
): Promise<Clip> {
  const file = await download(playback, dir);
  const frames = await readFrames(file);
  const sent = frames.map((frame) => camera.sentAt(frame.counter, nearMs));
  const firstSentAt = sent[0]!;
  const errors = frames.map((frame, i) => Math.abs(frame.time * 1_000 - (sent[i]! - firstSentAt)));
  return { file, frames, sent, firstSentAt, lastSentAt: sent.at(-1)!, worst: Math.max(...errors) };
}

/** The first gap in the pictures: the index of the frame after it. */
export const firstJump = (frames: readonly CountedFrame[]): number =>
  frames.findIndex((frame, i) => i > 0 && frame.counter - frames[i - 1]!.counter > 1);
