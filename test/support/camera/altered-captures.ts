// Captures whose description or content is changed.
import { frameHeaderBytes } from '../../../src/rtsp/framer.ts';
import type { Capture, CapturedPacket } from './captures.ts';

/** DESCRIBE is answered with another text; the packets stay unchanged. */
export const described = (made: Capture, edit: (sdp: string) => string): Capture => ({
  ...made,
  sdp: edit(made.sdp),
});

/** Adds tracks before and after the camera's own to the description. The camera refuses their SETUP. */
export function withTracks(made: Capture, { before = '', behind = '' }): Capture {
  return described(made, (sdp) => {
    const first = sdp.indexOf('m=');
    return `${sdp.slice(0, first)}${before}${sdp.slice(first)}${behind}`;
  });
}

export const mediaOf = (...lines: string[]): string => `${lines.join('\r\n')}\r\n`;

/** Replaces each packet of sound by what `change` returns, from the RTP payload on. */
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

/** RFC 3640 with an ADTS header (ISO/IEC 13818-7, 6.2) before each frame of AAC at 16 kHz in mono. */
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

/** First one capture, then the other, with consecutive picture numbers. The description is that of the first. */
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

/** The packets of H.264 that hold parameter sets. ffmpeg sends these in packets of their own. */
function packetsOfSets(made: Capture): ReadonlySet<CapturedPacket> {
  const holdsSets = ({ track, start }: CapturedPacket) => {
    if (made.tracks[track]!.kind !== 'video') return false;
    const at = start + frameHeaderBytes + 12;
    // In an aggregate the first NAL unit comes after its size.
    const type = made.bytes[at]! & 31;
    return [7, 8].includes(type === stapA ? made.bytes[at + 3]! & 31 : type);
  };
  const packets = made.packets.filter(holdsSets);
  if (packets.length === 0) throw new Error('No packet holds parameter sets.');
  return new Set(packets);
}

/** The NAL unit type of an aggregate (RFC 6184, 5.7.1). */
const stapA = 24;

/** H.264 whose parameter sets are only in the description. */
export function withoutSetsInStream(made: Capture): Capture {
  const ofSets = packetsOfSets(made);
  return {
    ...made,
    ...packed(
      made,
      made.packets.filter((packet) => !ofSets.has(packet)),
    ),
  };
}

/** H.264 with all 256 picture parameter sets that a stream may have. MP4 can hold 255 of them. */
export function withAllPictureSets(made: Capture): Capture {
  const ofSets = packetsOfSets(made);
  // 255 to 1, so that the camera's own set, 0, stays as it is. Each refers to the SPS with the id 0.
  const sets = Array.from({ length: 255 }, (_, i) => {
    const idPlus1 = (i + 2).toString(2);
    const bits = `${'0'.repeat(idPlus1.length - 1)}${idPlus1}11`.padEnd(24, '0');
    const set = Buffer.from([
      0,
      4,
      0x68,
      ...[0, 8, 16].map((at) => Number.parseInt(bits.slice(at, at + 8), 2)),
    ]);
    return set;
  });
  const payload = Buffer.concat([Buffer.from([0x60 | stapA]), ...sets]);
  const parts: Buffer[] = [];
  const packets: CapturedPacket[] = [];
  let end = 0;
  const add = (packet: CapturedPacket, part: Buffer) => {
    parts.push(part);
    packets.push({ ...packet, start: end, end: end + part.length });
    end += part.length;
  };
  for (const packet of made.packets) {
    const own = made.bytes.subarray(packet.start, packet.end);
    add(packet, own);
    if (!ofSets.has(packet)) continue;
    const part = Buffer.concat([own.subarray(0, frameHeaderBytes + 12), payload]);
    part.writeUInt16BE(part.length - frameHeaderBytes, 2);
    add(packet, part);
  }
  return { ...made, packets, bytes: Buffer.concat(parts) };
}

/** Joins packets one after another. */
function packed(made: Capture, kept: readonly CapturedPacket[]) {
  let end = 0;
  const packets = kept.map((packet): CapturedPacket => {
    const start = end;
    end += packet.end - packet.start;
    return { ...packet, start, end };
  });
  return { packets, bytes: Buffer.concat(kept.map(({ start, end }) => made.bytes.subarray(start, end))) };
}

/**
 * Keyframes of at least this many bytes: filler data (H.264, 7.3.2.7) follows the last slice of each, in packets like
 * those of a large slice.
 */
export function withLargeKeyframes(made: Capture, bytes: number): Capture {
  const { gopSec } = made.parameters;
  const isLastOfKeyframe = (packet: CapturedPacket, next: CapturedPacket | undefined) =>
    made.tracks[packet.track]!.kind === 'video' &&
    Math.abs(packet.mediaSec / gopSec - Math.round(packet.mediaSec / gopSec)) < 1e-6 &&
    next?.mediaSec !== packet.mediaSec;
  const parts: Buffer[] = [];
  let end = 0;
  const packets: CapturedPacket[] = [];
  const add = (packet: CapturedPacket, part: Buffer) => {
    parts.push(part);
    packets.push({ ...packet, start: end, end: end + part.length });
    end += part.length;
  };
  for (const [i, packet] of made.packets.entries()) {
    const part = Buffer.from(made.bytes.subarray(packet.start, packet.end));
    const isLast = isLastOfKeyframe(packet, made.packets[i + 1]);
    if (isLast) part[frameHeaderBytes + 1]! &= 0x7f;
    add(packet, part);
    if (isLast) for (const filler of fillerPackets(part, bytes)) add(packet, filler);
  }
  return { ...made, packets, bytes: Buffer.concat(parts) };
}

/** Filler data in fragments (FU-A; RFC 6184, 5.8), in interleaved frames. The last one has the marker. */
function fillerPackets(like: Buffer, bytes: number): Buffer[] {
  const [payloadBytes, fuA, filler] = [1_400, 28, 12];
  const count = Math.ceil(bytes / payloadBytes);
  return Array.from({ length: count }, (_, i) => {
    const packet = Buffer.alloc(frameHeaderBytes + 12 + 2 + payloadBytes, 0xff);
    like.copy(packet, 0, 0, frameHeaderBytes + 12);
    packet.writeUInt16BE(packet.length - frameHeaderBytes, 2);
    const [isFirst, isLast] = [i === 0, i === count - 1];
    packet[frameHeaderBytes + 1]! = (like[frameHeaderBytes + 1]! & 0x7f) | (isLast ? 0x80 : 0);
    packet[frameHeaderBytes + 12] = fuA;
    packet[frameHeaderBytes + 13] = filler | (isFirst ? 0x80 : 0) | (isLast ? 0x40 : 0);
    if (isLast) packet[packet.length - 1] = 0x80;
    return packet;
  });
}
