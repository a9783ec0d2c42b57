import { type RefObject, useState } from 'react';
import { askForDetails } from './details.ts';

export interface ClipSource {
  /** What the element begins with. */
  readonly url: string;
  /** Not even a new link could be played. */
  readonly broken: boolean;
  readonly onError: () => void;
  readonly onLoadedData: () => void;
  readonly again: () => void;
}

/**
 * A bucket's link is signed anew in every answer: the one that plays is kept, so that the video does not begin again,
 * until it is refused. Then a new one is asked for, once, and the video goes on where it was.
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
    // Without an answer the player says that the clip cannot be played.
    const details = await askForDetails(id).catch(() => null);
    const video = ref.current;
    if (!video) return;
    if (!details?.videoUrl) return setState('broken');
    const { currentTime, paused } = video;
    video.src = details.videoUrl;
    video.currentTime = currentTime;
    // Who pauses meanwhile, or has a browser that forbids it, starts it by hand.
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
