/** Codec strings of RFC 6381, as in `codecs="…"` and MediaSource.isTypeSupported. */

import { aacObjectType } from '../codecs/aac.ts';
import { avcCodecString, hevcCodecString } from '../codecs/codec-string.ts';
import { type Box, children, Mp4Error } from './boxes.ts';
import { Cursor } from './cursor.ts';
import { mpeg4Audio, readEsds, type SoundDescription } from './esds.ts';

/** Bytes of fixed fields before a sample entry's child boxes (ISO/IEC 14496-12, 12.1.3 and 12.2.3). */
export const entryFieldBytes = { video: 78, audio: 28 };

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
      return `mp4a.${soundName(readEsds(buf, configuration(buf, entry, fieldBytes, 'esds')))}`;
    case 'Opus':
      return 'opus';
    default:
      return entry.type.trimEnd();
  }
}

/** The box in a sample entry that describes the codec. Throws Mp4Error if there is none. */
export function configuration(buf: Buffer, entry: Box, fieldBytes: number, type: string): Box {
  for (const child of children(buf, entry, fieldBytes)) if (child.type === type) return child;
  throw new Mp4Error(`Sample entry '${entry.type}' has no '${type}' that describes the codec.`);
}

/** The profile, with which avcC and hvcC begin after their version (ISO/IEC 14496-15, 5.3.3.1, 8.3.3.1). */
function profileBytes(buf: Buffer, config: Box, count: number): Buffer {
  const fields = new Cursor(buf, config);
  fields.skip(1);
  return fields.bytes(count);
}

/** RFC 6381, 3.3: the object type indication in hex, for MPEG-4 audio followed by its audio object type. */
function soundName({ objectType, config }: SoundDescription): string {
  const name = objectType.toString(16);
  return objectType === mpeg4Audio ? `${name}.${aacObjectType(config)}` : name;
}
