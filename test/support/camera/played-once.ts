/** A camera that sends a recording from its beginning, in real time, to any reader. */
import { parseTracks } from '../../../src/demo/rtsp/sdp.ts';
import { RtspServer } from '../../../src/demo/rtsp/server.ts';
import type { StreamSink } from '../../../src/demo/rtsp/stream.ts';
import { frameHeaderBytes } from '../../../src/rtsp/framer.ts';
import type { Recording } from './rtp.ts';

export interface PlayedOnce {
  readonly url: string;
  /** Resolves when a reader was sent the last packet. */
  readonly played: Promise<void>;
  close(): Promise<void>;
}

export async function playOnce(recording: Recording): Promise<PlayedOnce> {
  const { sdp } = recording;
  const due = timed(recording);
  const timers = new Map<StreamSink, NodeJS.Timeout>();
  let onPlayed = () => {};
  const played = new Promise<void>((resolve) => {
    onPlayed = resolve;
  });
  const server = new RtspServer();
  await server.listen();
  server.mount('recording', {
    sdp,
    tracks: parseTracks(sdp),
    join: (sink) => {
      const startedAt = performance.now();
      let next = 0;
      const send = () => {
        const now = performance.now() - startedAt;
        while (next < due.length && due[next]!.ms <= now) sink.send(due[next++]!.frame);
        if (next < due.length) timers.set(sink, setTimeout(send, due[next]!.ms - now));
        else onPlayed();
      };
      send();
    },
    leave: (sink) => clearTimeout(timers.get(sink)),
  });
  return { url: server.url('recording'), played, close: () => server.close() };
}

/**
 * Each RTP packet and when it is sent, in sending order. Reference pictures are sent before their own time, so a packet
 * is due at the latest time of its track so far. Reports are left out, because they were made at another pace.
 */
function timed({ frames, tracks }: Recording): { frame: Buffer; ms: number }[] {
  const first: number[] = [];
  const latest: number[] = [];
  return frames
    .filter((frame) => frame[1]! % 2 === 0)
    .map((frame) => {
      const track = frame[1]! >> 1;
      const timestamp = frame.readUInt32BE(frameHeaderBytes + 4);
      first[track] ??= timestamp;
      const ms = (((timestamp - first[track]) | 0) * 1000) / tracks[track]!.clockRate;
      latest[track] = Math.max(latest[track] ?? 0, ms);
      return { frame, ms: latest[track] };
    })
    .sort((a, b) => a.ms - b.ms);
}
