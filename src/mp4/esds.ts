/** `esds`, which describes MPEG-4 sound: ISO/IEC 14496-14, 5.6, with the descriptors of ISO/IEC 14496-1. */
import { type Box, fullBox, Mp4Error } from './boxes.ts';
import { Cursor } from './cursor.ts';

const esDescriptor = 3;
const decoderConfigDescriptor = 4;
const decoderSpecificInfo = 5;
const syncLayerDescriptor = 6;
/** Table 5: MPEG-4 audio. An AudioSpecificConfig follows only after this object type. */
export const mpeg4Audio = 0x40;

export interface SoundDescription {
  /** Object type indication (table 5). */
  readonly objectType: number;
  /** AudioSpecificConfig, a view; empty for other sound than MPEG-4's. */
  readonly config: Buffer;
}

/** @throws Mp4Error */
export function readEsds(buf: Buffer, esds: Box): SoundDescription {
  const fields = new Cursor(buf, esds);
  fields.versionAndFlags();
  enterDescriptor(fields, esDescriptor);
  skipStreamFields(fields);
  enterDescriptor(fields, decoderConfigDescriptor);
  const objectType = fields.u8();
  if (objectType !== mpeg4Audio) return { objectType, config: Buffer.alloc(0) };
  fields.skip(12);
  const length = enterDescriptor(fields, decoderSpecificInfo);
  // A single byte is no AudioSpecificConfig, which begins with an object type of five or eleven bits and a sampling
  // rate.
  if (length < 2) throw new Mp4Error("Box 'esds' does not describe its sound.");
  return { objectType, config: fields.bytes(length) };
}

/** ISO/IEC 14496-1, 7.2.6.5: the stream's id, then what its flags announce. */
function skipStreamFields(fields: Cursor): void {
  fields.skip(2);
  const flags = fields.u8();
  if (flags & 0x80) fields.skip(2);
  if (flags & 0x40) fields.skip(fields.u8());
  if (flags & 0x20) fields.skip(2);
}

/** ISO/IEC 14496-1, 8.3.3: a tag, then a length of one to four bytes with seven bits each. */
function enterDescriptor(fields: Cursor, tag: number): number {
  const found = fields.u8();
  if (found !== tag) throw new Mp4Error(`Expected descriptor ${tag} in 'esds', found ${found}.`);
  let length = 0;
  for (let i = 0; i < 4; i++) {
    const byte = fields.u8();
    length = length * 128 + (byte & 0x7f);
    if ((byte & 0x80) === 0) break;
  }
  return length;
}

/** @param config AudioSpecificConfig */
export function esdsBox(config: Buffer): Buffer {
  const audioStream = 0x15;
  // A buffer size and bit rates of 0 mean that they are not stated (7.2.6.6).
  const decoder = Buffer.concat([
    Buffer.from([mpeg4Audio, audioStream]),
    Buffer.alloc(11),
    descriptor(decoderSpecificInfo, config),
  ]);
  const noStreamId = Buffer.alloc(3);
  const predefinedForMp4 = Buffer.from([2]);
  return fullBox(
    'esds',
    0,
    0,
    descriptor(
      esDescriptor,
      noStreamId,
      descriptor(decoderConfigDescriptor, decoder),
      descriptor(syncLayerDescriptor, predefinedForMp4),
    ),
  );
}

function descriptor(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length > 0x7f) throw new Mp4Error(`A description of sound has ${body.length} bytes.`);
  return Buffer.concat([Buffer.from([tag, body.length]), body]);
}
