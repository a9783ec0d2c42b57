import { type RefObject, useEffect, useState } from 'react';

export interface VideoState {
  readonly atMs: number;
  readonly paused: boolean;
  readonly muted: boolean;
  readonly rate: number;
  /** It was played or moved since it was opened. */
  readonly begun: boolean;
}

const events = [
  'play',
  'pause',
  'seeking',
  'seeked',
  'ratechange',
  'volumechange',
  'timeupdate',
  'ended',
] as const;

/** What the video element does, followed closely enough for a playhead that glides. */
export function useVideo(ref: RefObject<HTMLVideoElement | null>): VideoState {
  const [state, setState] = useState<VideoState>({
    atMs: 0,
    paused: true,
    muted: false,
    rate: 1,
    begun: false,
  });
  useEffect(() => {
    const video = ref.current;
    if (!video) return;
    let frame = 0;
    const read = () => {
      const { currentTime, paused, muted, playbackRate } = video;
      setState(({ begun }) => ({
        atMs: currentTime * 1_000,
        paused,
        muted,
        rate: playbackRate,
        begun: begun || !paused || currentTime > 0,
      }));
    };
    const glide = () => {
      read();
      if (!video.paused) frame = requestAnimationFrame(glide);
    };
    const onEvent = () => {
      cancelAnimationFrame(frame);
      glide();
    };
    for (const name of events) video.addEventListener(name, onEvent);
    return () => {
      cancelAnimationFrame(frame);
      for (const name of events) video.removeEventListener(name, onEvent);
    };
  }, [ref]);
  return state;
}
