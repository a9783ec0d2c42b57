// Cameras in a process of their own, so that what they cost is not counted as the server's.

import { RtspServer } from '../../../src/demo/rtsp/server.ts';
import type { StreamSource } from '../../../src/demo/rtsp/stream.ts';
import { type CaptureParameters, capture } from '../../support/captures.ts';
import { Replay, wallMs } from '../../support/replay.ts';

export interface CamerasWanted {
  readonly count: number;
  readonly capture: Partial<CaptureParameters>;
  /** Seconds of footage sent per second, with timestamps to match. */
  readonly speed: number;
}

export interface CameraStarted {
  readonly url: string;
  readonly startedMs: number;
  readonly phaseSec: number;
}

let sessionsEver = 0;
// Who records an hour in a minute is far behind at times.
const server = new RtspServer({ maxUnsentBytes: Number.POSITIVE_INFINITY });

process.on('message', async (message: CamerasWanted | 'sessions') => {
  if (message === 'sessions') process.send!(sessionsEver);
  else process.send!(await start(message));
});
process.on('disconnect', () => process.exit());

async function start({ count, capture: parameters, speed }: CamerasWanted): Promise<CameraStarted[]> {
  const seen = await capture(parameters);
  await server.listen();
  return Array.from({ length: count }, (_, i) => {
    // Keyframes of many cameras do not come at the same moment.
    const phaseSec = (i / count + 0.5) * seen.parameters.gopSec;
    const startedMs = wallMs();
    const replay = new Replay(seen, startedMs, phaseSec, 1, speed);
    const source: StreamSource = {
      sdp: seen.sdp,
      tracks: seen.tracks,
      join(sink) {
        sessionsEver++;
        replay.join(sink);
      },
      leave: (sink) => replay.leave(sink),
    };
    server.mount(`${i}`, source);
    return { url: server.url(`${i}`), startedMs, phaseSec };
  });
}
