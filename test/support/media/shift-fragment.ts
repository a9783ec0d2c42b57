import { Mp4Error } from '../../../src/mp4/boxes.ts';
import type { FragmentHead } from '../../../src/mp4/fragment.ts';

/**
 * A copy of the fragment's moof with every track's decode time shifted by its offset in ticks (without an offset:
 * unchanged). A time that would become negative becomes 0. Throws Mp4Error if it does not fit a 32-bit field.
 */
export function shiftFragment(fragment: FragmentHead, offsets: ReadonlyMap<number, number>): Buffer {
  const moof = Buffer.from(fragment.moof);
  for (const run of fragment.runs) {
    const moved = Math.max(0, run.decodeTime + (offsets.get(run.trackId) ?? 0));
    if (run.decodeTimeVersion !== 0) {
      moof.writeBigUInt64BE(BigInt(moved), run.decodeTimeAt);
    } else if (moved <= 0xffffffff) {
      moof.writeUInt32BE(moved, run.decodeTimeAt);
    } else {
      throw new Mp4Error(
        `Track ${run.trackId} cannot be moved to ${moved} ticks: its decode time has 32 bits.`,
      );
    }
  }
  return moof;
}
