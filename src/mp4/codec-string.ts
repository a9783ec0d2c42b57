/** Codec strings of RFC 6381, as they stand in `codecs="…"` and go into MediaSource.isTypeSupported. */

import { avcCodecString, hevcCodecString } from '../codecs/codec-string.ts';
import { type Box, children, Mp4Error } from './boxes.ts';
import { Cursor } from './cursor.ts';

/**
 * The codec string of the sample entry `entry`, whose child boxes begin `fieldBytes` into its body:
 * `avc1.64001f`, `hvc1.1.6.L93.B0`, `mp4a.40.2`, `opus`. Other entries are named by their four characters,
 * which is what RFC 6381, 3.3 asks for.
 */
export function codecString(buf: Buffer, entry: Box, fieldBytes: number): string {
  switch (entry.type) {
    case 'avc1':
    case 'avc3':
      return avcCodecString(entry.type, profileBytes(buf, configuration(buf, entry, fieldBytes, 'avcC'), 3));
    case 'hev1':
    case 'hvc1':
      return hevcCodecString(
        entry.type,
        profileBytes(buf, configuration(buf, entry, fieldBytes, 'hvcC'), 12),
      );
    case 'mp4a':
      return `mp4a.${mpeg4AudioObjectType(buf, configuration(buf, entry, fieldBytes, 'esds'))}`;
    case 'Opus':
      return 'opus';
    default:
      return entry.type.trimEnd();
  }
}

function configuration(buf: Buffer, entry: Box, fieldBytes: number, type: string): Box {
  for (const child of children(buf, entry, fieldBytes)) if (child.type === type) return child;
  throw new Mp4Error(`Sample entry '${entry.type}' has no '${type}' that describes the codec.`);
}

/** Behind the version, avcC and hvcC begin with the profile (ISO/IEC 14496-15, 5.3.3.1, 8.3.3.1). */
function profileBytes(buf: Buffer, config: Box, count: number): Buffer {
  const fields = new Cursor(buf, config);
  fields.skip(1);
  return fields.bytes(count);
}

const ES_DESCRIPTOR = 3;
const DECODER_CONFIG_DESCRIPTOR = 4;
const DECODER_SPECIFIC_INFO = 5;
/** ISO/IEC 14496-1, table 5: MPEG-4 audio. Only then does an audio object type follow. */
const MPEG4_AUDIO = 0x40;

/** RFC 6381, 3.3: the object type indication in hex, for MPEG-4 audio followed by its audio object type. */
function mpeg4AudioObjectType(buf: Buffer, esds: Box): string {
  const fields = new Cursor(buf, esds);
  fields.versionAndFlags();
  enterDescriptor(fields, ES_DESCRIPTOR);
  skipStreamFields(fields);
  enterDescriptor(fields, DECODER_CONFIG_DESCRIPTOR);
  const objectType = fields.u8();
  if (objectType !== MPEG4_AUDIO) return objectType.toString(16);
  fields.skip(12);
  enterDescriptor(fields, DECODER_SPECIFIC_INFO);
  return `40.${audioObjectType(fields)}`;
}

/** ISO/IEC 14496-1, 7.2.6.5: the stream's id, then what its flags announce. */
function skipStreamFields(fields: Cursor): void {
  fields.skip(2);
  const flags = fields.u8();
  if (flags & 0x80) fields.skip(2);
  if (flags & 0x40) fields.skip(fields.u8());
  if (flags & 0x20) fields.skip(2);
}

/** ISO/IEC 14496-3, 1.6.2.1: five bits; 31 says that six more bits carry the type less 32. */
function audioObjectType(fields: Cursor): number {
  const first = fields.u8();
  const type = first >> 3;
  return type === 31 ? 32 + ((first & 7) << 3) + (fields.u8() >> 5) : type;
}

/** ISO/IEC 14496-1, 8.3.3: a tag, then a length of one to four bytes with seven bits each. */
function enterDescriptor(fields: Cursor, tag: number): void {
  const found = fields.u8();
  if (found !== tag) throw new Mp4Error(`Expected descriptor ${tag} in 'esds', found ${found}.`);
  for (let i = 0; i < 4; i++) if ((fields.u8() & 0x80) === 0) return;
}
