import { frameHeaderBytes } from '../../rtsp/framer.ts';
import { framesIn } from './interleaved.ts';
import { parseTracks, type SdpTrack } from './sdp.ts';

/** Somebody who reads the stream: the server passes it the stream's packets. */
export interface StreamSink {
  /**
   * Takes whole interleaved frames (interleaved.ts): packets with their channel numbers, which count from 0 for the
   * first track.
   */
  send(frames: Buffer): void;
  /** Called when the stream has ended. */
  end(): void;
}

/** What a path of the server plays: a publisher's live stream, or any other source that sends frames to sinks. */
export interface StreamSource {
  readonly sdp: string;
  readonly tracks: readonly SdpTrack[];
  join(sink: StreamSink): void;
  leave(sink: StreamSink): void;
}

const rtcpSenderReport = 200;

/** Passes a publisher's packets on to every sink as they arrive. */
export class LiveStream implements StreamSource {
  readonly sdp: string;
  readonly tracks: readonly SdpTrack[];
  private readonly sinks = new Set<StreamSink>();
  private readonly senderReports = new Map<number, Buffer>();
  private readonly onPlayable: () => void;

  /** `onPlayable` is called once, when `isPlayable` becomes true. */
  constructor(sdp: string, onPlayable: () => void) {
    this.sdp = sdp;
    this.tracks = parseTracks(sdp);
    this.onPlayable = onPlayable;
  }

  /**
   * Whether every track has sent a sender report. Only reports relate the tracks' timestamps to each other (RFC 3550,
   * 6.4.1). A reader that gets its first report late sees its timestamps jump back.
   */
  get isPlayable(): boolean {
    return this.senderReports.size === this.tracks.length;
  }

  /** Sends the newest report of each track to a new reader at once, because the next report may be seconds away. */
  join(sink: StreamSink): void {
    for (const report of this.senderReports.values()) sink.send(report);
    this.sinks.add(sink);
  }

  leave(sink: StreamSink): void {
    this.sinks.delete(sink);
  }

  /** Passes whole frames on home channels (interleaved.ts) on to the sinks. */
  push(frames: Buffer): void {
    for (const frame of framesIn(frames)) this.remember(frame);
    for (const sink of this.sinks) sink.send(frames);
  }

  end(): void {
    for (const sink of [...this.sinks]) sink.end();
    this.sinks.clear();
  }

  private remember(frame: Buffer): void {
    const channel = frame.readUInt8(1);
    if (channel % 2 === 0 || frame[frameHeaderBytes + 1] !== rtcpSenderReport) return;
    const wasPlayable = this.isPlayable;
    this.senderReports.set(channel, frame);
    if (this.isPlayable && !wasPlayable) this.onPlayable();
  }
}
