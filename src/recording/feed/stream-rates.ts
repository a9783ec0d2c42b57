import type { StreamRates } from '../../db/cameras.ts';
import { type FeedUnit, timeOf } from './feed-unit.ts';

/** What rates are made of. */
export type SeenPicture = Pick<FeedUnit, 'stamp' | 'isSync'> & { readonly bytes: number };

/**
 * Pictures, bits and keyframes of a stretch of the stream, by the times at which the pictures were taken: from its first
 * keyframe to its last one where there are two, else to its newest picture.
 * @param pictures in the order in which they came, the first a keyframe
 */
export function streamRates(pictures: readonly SeenPicture[]): StreamRates {
  const keyframes = pictures.filter(({ isSync }) => isSync);
  const last = keyframes.length > 1 ? pictures.lastIndexOf(keyframes.at(-1)!) : pictures.length - 1;
  const seconds = last > 0 ? (timeOf(pictures[last]!) - timeOf(pictures[0]!)) / 1_000 : 0;
  if (seconds <= 0) return {};
  let bytes = 0;
  // The last one lasts beyond the stretch.
  for (const picture of pictures.slice(0, last)) bytes += picture.bytes;
  const intervals = keyframes.length - 1;
  return {
    framesPerSec: last / seconds,
    bitsPerSec: Math.round((bytes * 8) / seconds),
    ...(intervals > 0 && { keyframeIntervalSec: seconds / intervals }),
  };
}
