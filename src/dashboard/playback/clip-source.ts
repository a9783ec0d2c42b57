import { type RefObject, useEffect, useRef, useState } from 'react';
import { askForDetails } from './details.ts';

export interface ClipSource {
  /** The address that the element loads first. */
  readonly url: string;
  /** Whether a new link could not be played either. */
  readonly broken: boolean;
  readonly onError: () => void;
  readonly onLoadedData: () => void;
  readonly again: () => void;
  /** Plays the clip, or pauses it. While its link is being renewed, it plays as soon as that is done. */
  readonly toggle: () => void;
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
  /** Whether the user has started the clip while its link was refused: the browser does not remember that. */
  const isAwaited = useRef(false);
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
    if (!paused || isAwaited.current) video.play().catch(() => {});
    isAwaited.current = false;
  };
  // The browser begins to load the clip when React makes the element, and React drops the events of elements that are not
  // in the document yet. A link that was refused that early is noticed here.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the element is in the document
  useEffect(() => {
    if (ref.current?.error) void renew();
  }, []);
  return {
    url,
    broken: state === 'broken',
    onError: () => (state === 'plays' ? void renew() : setState('broken')),
    onLoadedData: () => setState('plays'),
    again: () => void renew(),
    toggle() {
      const video = ref.current;
      if (!video?.paused) return video?.pause();
      isAwaited.current = video.error !== null;
      // The player shows the failure: it listens to the video’s error event.
      video.play().catch(() => {});
    },
  };
}
