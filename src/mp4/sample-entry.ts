/** Sample entries, which say how a track is coded: ISO/IEC 14496-12, 8.5.2, 12.1.3 and 12.2.3. */
import type { Format, SoundFormat, VideoFormat } from '../codecs/format.ts';
import { parseH264Sps } from '../codecs/h264.ts';
import { h265Nal, parseH265Sps } from '../codecs/h265.ts';
import type { Colour } from '../codecs/video-usability.ts';
import { box, Mp4Error, u32 } from './boxes.ts';
import { esdsBox } from './esds.ts';

/**
 * The sample entry of a track in this format: avc1, hvc1, mp4a or Opus.
 * @throws Mp4Error for sound that clips do not hold as the camera sends it: it has to be encoded first
 */
export function sampleEntry(format: Format): Buffer {
  return format.kind === 'video' ? videoEntry(format) : soundEntry(format);
}

function videoEntry(format: VideoFormat): Buffer {
  const { width, height, pixelAspect } = format;
  const { type, config, colour } = codecPart(format);
  const fields = Buffer.alloc(78);
  fields.writeUInt16BE(1, 6);
  fields.writeUInt16BE(width, 24);
  fields.writeUInt16BE(height, 26);
  const dotsPerInch = 0x480000;
  fields.writeUInt32BE(dotsPerInch, 28);
  fields.writeUInt32BE(dotsPerInch, 32);
  fields.writeUInt16BE(1, 40);
  const colourDepth = 24;
  fields.writeUInt16BE(colourDepth, 74);
  fields.writeInt16BE(-1, 76);
  const optional: Buffer[] = [];
  if (colour) optional.push(colourBox(colour));
  if (pixelAspect) optional.push(box('pasp', u32(pixelAspect.width, pixelAspect.height)));
  return box(type, fields, config, ...optional);
}

/** The part of a sample entry that depends on the codec. */
interface CodecPart {
  type: string;
  config: Buffer;
  colour: Colour | undefined;
}

function codecPart(format: VideoFormat): CodecPart {
  switch (format.codec) {
    case 'h264':
      return h264Entry(format);
    case 'h265':
      return h265Entry(format);
  }
}

/** `avcC`: ISO/IEC 14496-15, 5.3.3.1. It says that the length before each NAL unit has four bytes. */
function h264Entry({ sps, pps }: VideoFormat): CodecPart {
  const facts = parseH264Sps(sps[0]!);
  const { profile, constraints, level, colour } = facts;
  const parts: Buffer[] = [Buffer.from([1, profile, constraints, level, 0xff])];
  parts.push(Buffer.from([0xe0 | countOf(sps, 31)]), ...sps.map(withLength));
  parts.push(Buffer.from([countOf(pps, 255)]), ...pps.map(withLength));
  // Baseline, main and extended profile always have 4:2:0 and 8 bits. For other profiles, avcC says what they have.
  if (![66, 77, 88].includes(profile)) {
    const { chromaFormat, lumaDepth, chromaDepth } = facts;
    parts.push(Buffer.from([0xfc | chromaFormat, 0xf8 | (lumaDepth - 8), 0xf8 | (chromaDepth - 8), 0]));
  }
  return { type: 'avc1', config: box('avcC', ...parts), colour };
}

/**
 * `hvcC`: ISO/IEC 14496-15, 8.3.3.1. The entry is `hvc1` with all parameter sets, because Apple's players do not show
 * `hev1`.
 */
function h265Entry({ vps, sps, pps }: VideoFormat): CodecPart {
  const facts = parseH265Sps(sps[0]!);
  const { profileTierLevel, temporalLayers, isTemporalNested, colour } = facts;
  const nested = isTemporalNested ? 4 : 0;
  const lengthBytesLess1 = 3;
  const rest = [
    ...[
      0xf0,
      0,
      0xfc,
      0xfc | facts.chromaFormat,
      0xf8 | (facts.lumaDepth - 8),
      0xf8 | (facts.chromaDepth - 8),
    ],
    ...[0, 0, (temporalLayers << 3) | nested | lengthBytesLess1, 3],
  ];
  const config = box(
    'hvcC',
    Buffer.from([1]),
    profileTierLevel,
    Buffer.from(rest),
    ...setArray(h265Nal.vps, vps),
    ...setArray(h265Nal.sps, sps),
    ...setArray(h265Nal.pps, pps),
  );
  return { type: 'hvc1', config, colour };
}

const arrayComplete = 0x80;

function setArray(type: number, sets: readonly Buffer[]): Buffer[] {
  const count = countOf(sets, 0xffff);
  return [Buffer.from([arrayComplete | type, count >> 8, count & 0xff]), ...sets.map(withLength)];
}

function countOf(sets: readonly Buffer[], most: number): number {
  if (sets.length <= most) return sets.length;
  throw new Mp4Error(`There are ${sets.length} parameter sets; at most ${most} can be written.`);
}

function withLength(set: Buffer): Buffer {
  if (set.length > 0xffff) throw new Mp4Error(`A parameter set has ${set.length} bytes.`);
  return Buffer.concat([Buffer.from([set.length >> 8, set.length & 0xff]), set]);
}

/** `colr` (12.1.5), with the numbers of the stream (`nclx`). */
function colourBox({ primaries, transfer, matrix, isFullRange }: Colour): Buffer {
  const numbers = [0, primaries, 0, transfer, 0, matrix, isFullRange ? 0x80 : 0];
  return box('colr', Buffer.from('nclx', 'latin1'), Buffer.from(numbers));
}

const largestRate = 0xffff;

function soundEntry(format: SoundFormat): Buffer {
  const { sampleRate, channels } = format;
  const fields = Buffer.alloc(28);
  fields.writeUInt16BE(1, 6);
  fields.writeUInt16BE(channels, 16);
  const sampleBits = 16;
  fields.writeUInt16BE(sampleBits, 18);
  // A rate that needs more than 16 bits is written as 0. Players read it from the description of the codec.
  fields.writeUInt16BE(sampleRate > largestRate ? 0 : sampleRate, 24);
  if (format.codec === 'aac' && format.config) return box('mp4a', fields, esdsBox(format.config));
  if (format.codec === 'opus') return box('Opus', fields, opusBox(format));
  throw new Mp4Error(`Sound in ${format.codecString} is not written to MP4.`);
}

/**
 * `dOps`: Encapsulation of Opus in ISO Base Media File Format, 4.3.2. No samples are skipped: recordings join a running
 * stream.
 */
function opusBox({ channels, sampleRate }: SoundFormat): Buffer {
  const fields = Buffer.alloc(11);
  fields[1] = channels;
  fields.writeUInt32BE(sampleRate, 4);
  return box('dOps', fields);
}
