/** MPEG audio in RTP: RFC 2250, 3.5. */
import type { SoundFormat } from '../codecs/format.ts';
import type { Depacketizer } from './depacketizer.ts';
import type { RtpPacket } from './packet.ts';
import type { SoundFrames } from './sound.ts';

const payloadHeaderBytes = 4;
const frameHeaderBytes = 4;
/** ISO/IEC 11172-3, 2.4.2.3, and 13818-3: kbit/s by index, for MPEG-1 layers 2 and 3, MPEG-2 layers 2 and 3. */
const bitRates = {
  mpeg1Layer2: [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  mpeg1Layer3: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  mpeg2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};
const sampleRates = [44_100, 48_000, 32_000];

interface MpegAudioHeader {
  readonly name: 'mp3' | 'mp2';
  readonly sampleRate: number;
  readonly channels: number;
  readonly samples: number;
  readonly bytes: number;
}

/** Undefined if no frame of layer 2 or 3 begins there. */
export function readMpegAudioHeader(buffer: Buffer, from: number, to: number): MpegAudioHeader | undefined {
  if (to - from < frameHeaderBytes || buffer[from] !== 0xff || (buffer[from + 1]! & 0xe0) !== 0xe0)
    return undefined;
  // 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5; layer 3: 1, layer 2: 2.
  const version = (buffer[from + 1]! >> 3) & 3;
  const layer = (buffer[from + 1]! >> 1) & 3;
  const third = buffer[from + 2]!;
  const rate = sampleRates[(third >> 2) & 3];
  if (version === 1 || (layer !== 1 && layer !== 2) || rate === undefined) return undefined;
  const isMpeg1 = version === 3;
  const rates = !isMpeg1 ? bitRates.mpeg2 : layer === 2 ? bitRates.mpeg1Layer2 : bitRates.mpeg1Layer3;
  const kbps = rates[third >> 4];
  if (!kbps) return undefined;
  const sampleRate = isMpeg1 ? rate : version === 2 ? rate / 2 : rate / 4;
  const samples = layer === 1 && !isMpeg1 ? 576 : 1152;
  return {
    name: layer === 1 ? 'mp3' : 'mp2',
    sampleRate,
    channels: buffer[from + 3]! >> 6 === 3 ? 1 : 2,
    samples,
    bytes: Math.floor((samples * kbps * 125) / sampleRate) + ((third >> 1) & 1),
  };
}

export class MpegAudioDepacketizer implements Depacketizer {
  readonly #clockRate: number;
  readonly #frames: SoundFrames;
  #format: SoundFormat | undefined;
  /** Bytes of a frame that continues in the next packet; 0 if there is none. */
  #wantedBytes = 0;
  #ticks = 0;
  #timestamp = 0;

  constructor(clockRate: number, frames: SoundFrames) {
    this.#clockRate = clockRate;
    this.#frames = frames;
  }

  packet(buffer: Buffer, packet: RtpPacket, arrivedAt: number, isAfterLoss: boolean): void {
    const { to, timestamp } = packet;
    if (to - packet.from < payloadHeaderBytes) return;
    const offset = (buffer[packet.from + 2]! << 8) | buffer[packet.from + 3]!;
    let at = packet.from + payloadHeaderBytes;
    if (offset > 0) {
      if (!isAfterLoss && this.#wantedBytes > 0 && offset === this.#frames.bytes)
        this.#write(buffer, at, to, arrivedAt);
      return;
    }
    this.#frames.discard();
    for (this.#timestamp = timestamp; at < to; this.#timestamp += this.#ticks) {
      const header = readMpegAudioHeader(buffer, at, to);
      if (!header) break;
      this.#begin(header);
      this.#write(buffer, at, Math.min(to, at + header.bytes), arrivedAt);
      at += header.bytes;
    }
  }

  close(): void {
    this.#frames.close();
  }

  #begin({ name, sampleRate, channels, samples, bytes }: MpegAudioHeader): void {
    const key = `${name} ${sampleRate} ${channels}`;
    if (this.#format?.key !== key) {
      this.#format = {
        kind: 'sound',
        codec: 'mp3',
        codecString: name,
        sampleRate,
        channels,
        config: undefined,
        unitSamples: samples,
        key,
      };
    }
    this.#ticks = Math.round((samples * this.#clockRate) / sampleRate);
    this.#wantedBytes = bytes;
  }

  #write(buffer: Buffer, from: number, to: number, arrivedAt: number): void {
    this.#frames.add(buffer, from, to);
    if (this.#frames.bytes < this.#wantedBytes) return;
    this.#wantedBytes = 0;
    this.#frames.give(this.#timestamp, arrivedAt, this.#format!, this.#ticks);
  }
}
