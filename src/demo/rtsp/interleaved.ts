import { frameHeaderBytes, frameMark } from '../../rtsp/framer.ts';

/*
 * RTP and RTCP inside an RTSP connection (RFC 2326, 10.12): '$', one byte for the channel, two bytes for the length,
 * then the packet. Inside the server every packet keeps this frame, on the "home" channels of its track: 2 × track for
 * RTP, 2 × track + 1 for RTCP. Clients that ask for these channels (ffmpeg, VLC, GStreamer) get the frames unchanged.
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

/** Moves frames to other channels. `channels` maps even (RTP) channels; frames of other channels are left out. */
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

/** Whether the client asked for every track of the source on its home channels. */
export function isHome(channels: ReadonlyMap<number, number>, trackCount: number): boolean {
  return channels.size === trackCount && [...channels].every(([from, to]) => from === to);
}
