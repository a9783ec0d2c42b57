import { type RefObject, useState } from 'react';
import { askForDetails } from './details.ts';

export interface ClipSource {
  /** The address that the element loads first. */
  readonly url: string;
  /** Whether a new link could not be played either. */
  readonly broken: boolean;
  readonly onError: () => void;
  readonly onLoadedData: () => void;
  readonly again: () => void;
}

/**
 * A bucket's link is signed anew in every answer. The link in use is kept, so that the video does not start again from
 * its beginning. When the link is refused, a new one is queried once, and the video continues at the same position.
 */
export function useClipSource(
  ref: RefObject<HTMLVideoElement | null>,
  id: string,
  videoUrl: string,
): ClipSource {
  const [url] = useState(videoUrl);
  const [state, setState] = useState<'plays' | 'renewed' | 'broken'>('plays');
  const renew = async () => {
    setState('renewed');
    // Without an answer, the player says that the clip cannot be played.
    const details = await askForDetails(id).catch(() => null);
    const video = ref.current;
    if (!video) return;
    if (!details?.videoUrl) return setState('broken');
    const { currentTime, paused } = video;
    video.src = details.videoUrl;
    video.currentTime = currentTime;
    // The user may have paused meanwhile, or the browser forbids autoplay. Then the user starts it.
    if (!paused) video.play().catch(() => {});
  };
  return {
    url,
    broken: state === 'broken',
    onError: () => (state === 'plays' ? void renew() : setState('broken')),
    onLoadedData: () => setState('plays'),
    again: () => void renew(),
  };
}
