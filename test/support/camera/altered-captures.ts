// Captures that say or hold something else than their camera should.
import { frameHeaderBytes } from '../../../src/rtsp/framer.ts';
import type { Capture, CapturedPacket } from './captures.ts';

/** What DESCRIBE answers is another text; what is sent stays. */
export const described = (made: Capture, edit: (sdp: string) => string): Capture => ({
  ...made,
  sdp: edit(made.sdp),
});

/** Tracks that are announced in front of the camera's own and behind them; the camera refuses their SETUP. */
export function withTracks(made: Capture, { before = '', behind = '' }): Capture {
  return described(made, (sdp) => {
    const first = sdp.indexOf('m=');
    return `${sdp.slice(0, first)}${before}${sdp.slice(first)}${behind}`;
  });
}

export const mediaOf = (...lines: string[]): string => `${lines.join('\r\n')}\r\n`;

/** Each packet of sound is what `change` makes of it, from the RTP payload on. */
export function withSound(made: Capture, change: (payload: Buffer) => Buffer): Capture {
  const sound = made.tracks.findIndex(({ kind }) => kind === 'audio');
  const headerBytes = frameHeaderBytes + 12;
  const parts: Buffer[] = [];
  let end = 0;
  const packets = made.packets.map((packet): CapturedPacket => {
    let part = Buffer.from(made.bytes.subarray(packet.start, packet.end));
    if (packet.track === sound) {
      part = Buffer.concat([part.subarray(0, headerBytes), change(part.subarray(headerBytes))]);
      part.writeUInt16BE(part.length - frameHeaderBytes, 2);
    }
    parts.push(part);
    const start = end;
    end += part.length;
    return { ...packet, start, end };
  });
  return { ...made, packets, bytes: Buffer.concat(parts) };
}

/** RFC 3640 with an ADTS header (ISO/IEC 13818-7, 6.2) in front of each frame of AAC at 16 kHz in mono. */
export function withAdts(made: Capture): Capture {
  return withSound(made, (payload) => {
    const aac = payload.subarray(4);
    const bytes = aac.length + 7;
    const adts = [
      0xff,
      0xf1,
      0x60,
      0x40 | (bytes >> 11),
      (bytes >> 3) & 0xff,
      ((bytes & 7) << 5) | 0x1f,
      0xfc,
    ];
    const header = Buffer.from(payload.subarray(0, 4));
    header.writeUInt16BE(bytes << 3, 2);
    return Buffer.concat([header, Buffer.from(adts), aac]);
  });
}

/** First the one, then the other, with pictures counted on from there; what is described is the first. */
export function joined(first: Capture, second: Capture): Capture {
  const { seconds } = first.parameters;
  const later = (packet: CapturedPacket): CapturedPacket => ({
    ...packet,
    start: packet.start + first.bytes.length,
    end: packet.end + first.bytes.length,
    mediaSec: packet.mediaSec + seconds,
    dueSec: packet.dueSec + seconds,
  });
  return {
    ...first,
    parameters: { ...first.parameters, seconds: seconds + second.parameters.seconds },
    bytes: Buffer.concat([first.bytes, second.bytes]),
    packets: [...first.packets, ...second.packets.map(later)],
    frameDueSec: [...first.frameDueSec, ...second.frameDueSec.map((due) => due + seconds)],
  };
}

/** H.264 whose parameter sets stand in the description alone. ffmpeg sends them in packets of their own. */
export function withoutSetsInStream(made: Capture): Capture {
  const isSet = ({ track, start }: CapturedPacket) => {
    if (made.tracks[track]!.kind !== 'video') return false;
    const at = start + frameHeaderBytes + 12;
    const stapA = 24;
    // In an aggregate (RFC 6184, 5.7.1) the first NAL unit stands behind its size.
    const type = made.bytes[at]! & 31;
    return [7, 8].includes(type === stapA ? made.bytes[at + 3]! & 31 : type);
  };
  const packets = made.packets.filter((packet) => !isSet(packet));
  if (packets.length === made.packets.length) throw new Error('No packet holds parameter sets.');
  return {
    ...made,
    ...packed(
      made,
      packets.map((it) => [it]),
    ),
  };
}

/** In each keyframe of H.264 there is filler data of so many bytes (ITU-T H.264, 7.4.2.7). */
export function withBulkyKeyframes(made: Capture, bytes: number): Capture {
  const { fps, gopSec } = made.parameters;
  let newest = -1;
  const parts = made.packets.map((packet) => {
    const picture = Math.round(packet.mediaSec * fps);
    const isFirst = made.tracks[packet.track]!.kind === 'video' && picture !== newest;
    if (isFirst) newest = picture;
    return isFirst && picture % (gopSec * fps) === 0 ? [packet, bytes] : [packet];
  });
  return { ...made, ...packed(made, parts as [CapturedPacket, number?][]) };
}

/** The packets one behind the other; behind a packet with a number comes filler data of so many bytes. */
function packed(made: Capture, parts: readonly (readonly [CapturedPacket, number?])[]) {
  const buffers: Buffer[] = [];
  const packets: CapturedPacket[] = [];
  let end = 0;
  const add = (packet: CapturedPacket, bytes: Buffer) => {
    buffers.push(bytes);
    packets.push({ ...packet, start: end, end: end + bytes.length });
    end += bytes.length;
  };
  for (const [packet, filler = 0] of parts) {
    const bytes = made.bytes.subarray(packet.start, packet.end);
    add(packet, bytes);
    for (const part of fillerPackets(bytes.subarray(0, frameHeaderBytes + 12), filler)) add(packet, part);
  }
  return { packets, bytes: Buffer.concat(buffers) };
}

/** Filler data as FU-A (RFC 6184, 5.8). @param head of a packet of the picture: of the interleaved frame and of RTP */
function* fillerPackets(head: Buffer, bytes: number): Iterable<Buffer> {
  const most = 1_400;
  for (let at = 0; at < bytes; at += most) {
    const isLast = at + most >= bytes;
    const fu = [28, 12 | (at === 0 ? 0x80 : 0) | (isLast ? 0x40 : 0)];
    const packet = Buffer.concat([head, Buffer.from(fu), Buffer.alloc(Math.min(most, bytes - at), 0xff)]);
    packet[frameHeaderBytes + 1]! &= 0x7f;
    packet.writeUInt16BE(packet.length - frameHeaderBytes, 2);
    yield packet;
  }
}
