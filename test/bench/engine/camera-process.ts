// Cameras in a process of their own, so that their cost is not counted as the server's.

import { RtspServer } from '../../../src/demo/rtsp/server.ts';
import type { StreamSource } from '../../../src/demo/rtsp/stream.ts';
import { type CaptureParameters, capture } from '../../support/camera/captures.ts';
import { Replay, wallMs } from '../../support/camera/replay.ts';
import { type CannedCamera, startCannedCameras } from './canned.ts';

export interface CamerasWanted {
  readonly count: number;
  readonly capture: Partial<CaptureParameters>;
  /** Seconds of footage sent per second; the timestamps match. */
  readonly speed: number;
}

export interface CameraStarted {
  readonly url: string;
  readonly startedMs: number;
  readonly phaseSec: number;
}

/** `joined`: when (epoch ms) the sessions of each camera began to play; `drop`: cuts all connections. */
export type CameraQuestion = 'joined' | 'drop';

let cameras: CannedCamera[] = [];
// A reader that records an hour in a minute is sometimes far behind.
const server = new RtspServer({ maxUnsentBytes: Number.POSITIVE_INFINITY });

process.on('message', async (message: CamerasWanted | CameraQuestion) => {
  if (message === 'drop') server.dropConnections();
  if (typeof message === 'string') process.send!(cameras.map(({ joinedMs }) => joinedMs));
  else process.send!(await start(message));
});
process.on('disconnect', () => process.exit());

async function start({ count, capture: parameters, speed }: CamerasWanted): Promise<CameraStarted[]> {
  const seen = await capture(parameters);
  await server.listen();
  const startedMs = wallMs();
  // Keyframes of many cameras do not arrive at the same time.
  const phasesSec = Array.from({ length: count }, (_, i) => (i / count + 0.5) * seen.parameters.gopSec);
  let sources: readonly StreamSource[];
  if (speed === 1) {
    sources = cameras = startCannedCameras(
      seen,
      phasesSec.map((phaseSec) => startedMs - phaseSec * 1_000),
    );
  } else {
    sources = phasesSec.map((phaseSec) => {
      const replay = new Replay(seen, startedMs, phaseSec, 1, speed);
      return {
        sdp: seen.sdp,
        tracks: seen.tracks,
        join: (sink) => replay.join(sink),
        leave: (sink) => replay.leave(sink),
      };
    });
  }
  return sources.map((source, i) => {
    server.mount(`${i}`, source);
    return { url: server.url(`${i}`), startedMs, phaseSec: phasesSec[i]! };
  });
}
