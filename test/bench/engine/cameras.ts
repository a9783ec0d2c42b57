// The bench's control of the camera process: the cameras' addresses, and what they sent when.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { type CaptureParameters, capture } from '../../support/camera/captures.ts';
import { Replay } from '../../support/camera/replay.ts';
import type { CameraQuestion, CameraStarted, CamerasWanted } from './camera-process.ts';

/** The camera of the figures: 1080p15 at 4 Mbit/s. */
export const fullHd = { audio: 'aac', width: 1920, height: 1080, kbps: 4_000 } as const;
export const frameMs = 1_000 / 15;

export interface BenchCamera {
  readonly url: string;
  /** When (epoch ms) it sent the frame with this counter, in the loop nearest to `nearMs`. */
  sentAt(counter: number, nearMs: number): number;
}

export interface BenchCameras {
  readonly all: readonly BenchCamera[];
  /** When (epoch ms) all sessions of each camera so far began to play. */
  joinedMs(): Promise<readonly (readonly number[])[]>;
  /** Cuts all connections. */
  drop(): Promise<void>;
  close(): Promise<void>;
}

export async function startCameras(
  count: number,
  parameters: Partial<CaptureParameters>,
  speed = 1,
): Promise<BenchCameras> {
  // Makes the capture here if it is missing, so that the other process finds it.
  const seen = await capture(parameters);
  const child = fork(path.join(import.meta.dirname, 'camera-process.ts'));
  const ask = async (message: CamerasWanted | CameraQuestion) => {
    child.send(message);
    const [answer] = await once(child, 'message');
    return answer as unknown;
  };
  const started = (await ask({ count, capture: parameters, speed })) as CameraStarted[];
  return {
    all: started.map(({ url, startedMs, phaseSec }) => {
      const replay = new Replay(seen, startedMs, phaseSec, 1);
      return { url, sentAt: (counter, nearMs) => nearest(replay, counter, nearMs) };
    }),
    joinedMs: async () => (await ask('joined')) as number[][],
    drop: async () => void (await ask('drop')),
    async close() {
      child.disconnect();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

function nearest(replay: Replay, counter: number, nearMs: number): number {
  const loopMs = replay.capture.parameters.seconds * 1_000;
  const times = replay.sentTimes(counter, nearMs - loopMs, nearMs + loopMs);
  const [time] = times.sort((a, b) => Math.abs(a - nearMs) - Math.abs(b - nearMs));
  if (time === undefined) throw new RangeError(`The camera sends no frame ${counter}.`);
  return time;
}
