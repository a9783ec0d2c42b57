import { type Box, fullBox, u32, u64 } from './boxes.ts';
import { Cursor } from './cursor.ts';

/** All bits set means "unknown" (8.2.2.3). */
const unknownDuration = 0xffffffff;

/**
 * A copy of an `mvhd`, `tkhd` or `mdhd` box with another duration and, where given, another timescale. All three boxes
 * have the same form (ISO/IEC 14496-12, 8.2.2, 8.3.2, 8.4.2): two times; a 32-bit number, which is the timescale (in
 * `tkhd` the track's id and a reserved word); the duration; and the rest. Times have 32 bits in version 0, and 64 in
 * version 1. The copy has version 1 if the box had it, or if a time needs it.
 */
export function withDuration(buf: Buffer, header: Box, duration: number, timescale?: number): Buffer {
  const fields = new Cursor(buf, header);
  const { version, flags } = fields.versionAndFlags();
  const created = fields.time(version);
  const modified = fields.time(version);
  const middle = fields.bytes(header.type === 'tkhd' ? 8 : 4);
  fields.time(version);
  const rest = fields.bytes(fields.left);
  const newVersion = version === 0 && duration < unknownDuration ? 0 : 1;
  const times = newVersion === 0 ? u32 : u64;
  return fullBox(
    header.type,
    newVersion,
    flags,
    times(created, modified),
    timescale === undefined ? middle : u32(timescale),
    times(duration),
    rest,
  );
}
