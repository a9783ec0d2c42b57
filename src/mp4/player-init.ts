import { clipSampleDescription } from './clip-sample-entry.ts';
import type { InitSegment } from './init-segment.ts';

/** The init segment for players: with the sample descriptions that the finished clip will have. */
export function playerInit(init: InitSegment): Buffer {
  const bytes = Buffer.from(init.bytes);
  for (const track of init.tracks) {
    const at = track.sampleDescription.byteOffset - init.bytes.byteOffset;
    clipSampleDescription(track).sampleDescription.copy(bytes, at);
  }
  return bytes;
}
