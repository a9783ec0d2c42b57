import { frameHeaderBytes, frameMark } from '../../rtsp/framer.ts';

/*
 * RTP and RTCP inside an RTSP connection (RFC 2326, 10.12): '$', one byte of channel, two bytes of
 * length, then the packet. Inside the server every packet keeps this frame, on its track's "home"
 * channels: 2 × track for RTP, 2 × track + 1 for RTCP. Clients that ask for just those channels
 * (ffmpeg, VLC, GStreamer) are then served without touching a byte.
 */

/** The home channel of a track's RTP packets; its RTCP packets use the next one. */
export function homeChannel(track: number): number {
  return track * 2;
}

/** Wraps one RTP or RTCP packet of at most 65,535 bytes into an interleaved frame. */
export function frame(channel: number, packet: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(frameHeaderBytes + packet.length);
  framed[0] = frameMark;
  framed[1] = channel;
  framed.writeUInt16BE(packet.length, 2);
  packet.copy(framed, frameHeaderBytes);
  return framed;
}

/** Yields each frame of a buffer that holds whole frames only, as views with their headers. */
export function* framesIn(frames: Buffer): Generator<Buffer> {
  for (let start = 0; start < frames.length; ) {
    const end = start + frameHeaderBytes + frames.readUInt16BE(start + 2);
    yield frames.subarray(start, end);
    start = end;
  }
}

/** Moves frames to other channels; `channels` maps even (RTP) channels. Frames not in it are left out. */
export function remap(frames: Buffer, channels: ReadonlyMap<number, number>): Buffer {
  const moved: Buffer[] = [];
  for (const one of framesIn(frames)) {
    const from = one.readUInt8(1);
    const to = channels.get(from & ~1);
    if (to === undefined) continue;
    const copy = Buffer.from(one);
    copy[1] = to + (from & 1);
    moved.push(copy);
  }
  return Buffer.concat(moved);
}

/** True if every one of the source's tracks is asked for on its home channels. */
export function isHome(channels: ReadonlyMap<number, number>, trackCount: number): boolean {
  return channels.size === trackCount && [...channels].every(([from, to]) => from === to);
}
