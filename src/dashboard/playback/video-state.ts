import { type RefObject, useEffect, useState } from 'react';

export interface VideoState {
  readonly atMs: number;
  readonly paused: boolean;
  readonly muted: boolean;
  readonly rate: number;
  /** Whether the video was played, or its position moved, since it was opened. */
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

/** The state of the video element, updated often enough for a playhead that moves smoothly. */
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
