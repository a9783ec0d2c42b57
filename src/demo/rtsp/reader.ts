import type { Socket } from 'node:net';
import { homeChannel, isHome, remap } from './interleaved.ts';
import type { StreamSink, StreamSource } from './stream.ts';

/** One client that plays a source over its RTSP connection. */
export class RtspReader implements StreamSink {
  readonly source: StreamSource;
  private readonly socket: Socket;
  private readonly maxUnsentBytes: number;
  private readonly channels = new Map<number, number>();

  constructor(source: StreamSource, socket: Socket, maxUnsentBytes: number) {
    this.source = source;
    this.socket = socket;
    this.maxUnsentBytes = maxUnsentBytes;
  }

  /** Sends a track's RTP on `channel` and its RTCP on the next. */
  setUp(track: number, channel: number): void {
    this.channels.set(homeChannel(track), channel);
  }

  play(): void {
    this.source.join(this);
  }

  pause(): void {
    this.source.leave(this);
  }

  send(frames: Buffer): void {
    if (this.socket.writableLength > this.maxUnsentBytes) {
      this.socket.destroy();
      return;
    }
    const wanted = isHome(this.channels, this.source.tracks.length) ? frames : remap(frames, this.channels);
    if (wanted.length > 0) this.socket.write(wanted);
  }

  end(): void {
    this.socket.end();
  }
}
