import { viewsOf } from '../../footage/memory.ts';
import { buildInit } from '../../mp4/build-init.ts';
import { buildMoof } from '../../mp4/build-moof.ts';
import type { FeedUnit } from './feed-unit.ts';

/** An MP4 of this picture alone. Its bytes are copied, because the ring may drop the unit. */
export function movieOf({ footage, format }: FeedUnit): Buffer {
  const init = buildInit([{ id: 1, timescale: 1, format }]);
  const sample = { size: footage.bytes, duration: 1, compositionOffset: 0, isSync: true };
  const { moof, mdatHeader } = buildMoof([{ id: 1, decodeTime: 0, samples: [sample] }]);
  return Buffer.concat([init, moof, mdatHeader, ...viewsOf([footage])]);
}
