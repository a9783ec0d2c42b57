/** Sound whose packets are one frame each, of any size: G.711, L16, G.722, G.726 (RFC 3551) and Opus (RFC 7587). */
import type { SoundFormat } from '../codecs/format.ts';
import { opusFormat, opusRate, opusSamples } from '../codecs/opus.ts';
import type { Depacketizer } from './depacketizer.ts';
import type { RtpPacket } from './packet.ts';
import type { SoundFrames } from './sound.ts';

interface PlainSound {
  readonly format: SoundFormat;
  /** A payload's duration in ticks of the track's clock rate; 0 if it holds no frame. */
  readonly ticks: (buffer: Buffer, from: number, to: number) => number;
}

/** @returns undefined where the encoding is none of these */
export function plainSound(encoding: string, clockRate: number, channels: number): PlainSound | undefined {
  const bits = sampleBits(encoding);
  if (encoding === 'OPUS') {
    return {
      format: opusFormat(),
      ticks: (buffer, from, to) => (opusSamples(buffer, from, to) * clockRate) / opusRate,
    };
  }
  if (encoding === 'G722') {
    // The clock rate of G.722 is 8,000, although it has 16,000 samples per second (RFC 3551, 4.5.2).
    const format = sampledFormat('g722', 'g722', clockRate * 2, channels);
    return { format, ticks: (_buffer, from, to) => (to - from) / channels };
  }
  const codec = codecs[encoding.replace(/^(AAL2-)?(G726)-\d\d$/, '$2')];
  if (!codec || bits === undefined) return undefined;
  const format = sampledFormat(codec, encoding.toLowerCase(), clockRate, channels);
  return { format, ticks: (_buffer, from, to) => Math.floor(((to - from) * 8) / bits / channels) };
}

const codecs: Readonly<Record<string, SoundFormat['codec']>> = {
  PCMU: 'pcmu',
  PCMA: 'pcma',
  L16: 'l16',
  G726: 'g726',
};

/** Bits per sample and channel. */
function sampleBits(encoding: string): number | undefined {
  if (encoding === 'PCMU' || encoding === 'PCMA') return 8;
  if (encoding === 'L16') return 16;
  const kbps = /^(?:AAL2-)?G726-(16|24|32|40)$/.exec(encoding)?.[1];
  return kbps === undefined ? undefined : Number(kbps) / 8;
}

/** @param name `pcma`, `g726-32` (first sample in the lowest bits) or `aal2-g726-32` (in the highest) */
function sampledFormat(
  codec: SoundFormat['codec'],
  name: string,
  sampleRate: number,
  channels: number,
): SoundFormat {
  return {
    kind: 'sound',
    codec,
    codecString: name,
    sampleRate,
    channels,
    config: undefined,
    unitSamples: undefined,
    key: `${name} ${sampleRate} ${channels}`,
  };
}

export class PlainSoundDepacketizer implements Depacketizer {
  readonly #sound: PlainSound;
  readonly #frames: SoundFrames;

  constructor(sound: PlainSound, frames: SoundFrames) {
    this.#sound = sound;
    this.#frames = frames;
  }

  packet(buffer: Buffer, packet: RtpPacket, arrivedAt: number): void {
    const { from, to } = packet;
    const ticks = this.#sound.ticks(buffer, from, to);
    if (ticks === 0) return;
    this.#frames.add(buffer, from, to);
    this.#frames.give(packet.timestamp, arrivedAt, this.#sound.format, ticks);
  }

  close(): void {
    this.#frames.close();
  }
}
