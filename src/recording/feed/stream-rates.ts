import type { StreamRates } from '../../db/cameras.ts';
import { type FeedUnit, timeOf } from './feed-unit.ts';

/** What rates are measured from. */
export type SeenPicture = Pick<FeedUnit, 'stamp' | 'isSync'> & { readonly bytes: number };

/**
 * Measures picture rate, bit rate and keyframe interval, by the times at which pictures were taken: from the first
 * keyframe to the last one or, if there is only one, to the newest picture.
 * @param pictures in the order of arrival, the first one a keyframe
 */
export function streamRates(pictures: readonly SeenPicture[]): StreamRates {
  const keyframes = pictures.filter(({ isSync }) => isSync);
  const last = keyframes.length > 1 ? pictures.lastIndexOf(keyframes.at(-1)!) : pictures.length - 1;
  const seconds = last > 0 ? (timeOf(pictures[last]!) - timeOf(pictures[0]!)) / 1_000 : 0;
  if (seconds <= 0) return {};
  let bytes = 0;
  // The last picture is not counted: it lasts beyond the stretch.
  for (const picture of pictures.slice(0, last)) bytes += picture.bytes;
  const intervals = keyframes.length - 1;
  return {
    framesPerSec: last / seconds,
    bitsPerSec: Math.round((bytes * 8) / seconds),
    ...(intervals > 0 && { keyframeIntervalSec: seconds / intervals }),
  };
}
