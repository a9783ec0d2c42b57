import type { Playhead } from './playhead.ts';

/** If a player is off by more than this (in seconds), it seeks. If it is off by less, it plays a little faster or slower. */
const seekFrom = 0.4;
const exactTo = 0.015;
/** By how much (in seconds) a player may be off while the playhead stands. */
const standsTo = 0.03;
/** How fast a difference is made up for, per second, and by how much faster or slower at most. */
const gain = 1;
const mostChange = 0.15;

/**
 * Keeps a clip at the playhead's moment.
 * @param began the wall-clock time of the clip's first picture, in epoch ms
 * @returns call it to end that
 */
export function follow(
  video: HTMLVideoElement,
  began: number,
  playhead: Playhead,
  player: string,
): () => void {
  let frame = 0;
  /** How far the pictures on the screen are ahead of the playhead, in seconds, by the newest picture. */
  let ahead: number | undefined;
  let pictures = 0;
  const measure = (_now: number, { mediaTime, expectedDisplayTime }: VideoFrameCallbackMetadata) => {
    ahead = mediaTime - (playhead.moment(expectedDisplayTime) - began) / 1_000;
    pictures = video.requestVideoFrameCallback(measure);
  };
  // Firefox before version 132 has no such callback; the position is less exact.
  if ('requestVideoFrameCallback' in video) pictures = video.requestVideoFrameCallback(measure);
  const place = () => Math.max(0, (playhead.moment() - began) / 1_000);
  const setTo = (sec: number) => {
    ahead = undefined;
    if (!video.seeking) video.currentTime = sec;
  };
  const step = () => {
    frame = requestAnimationFrame(step);
    playhead.report(player, video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA && !video.seeking);
    playhead.tick();
    if (video.readyState < HTMLMediaElement.HAVE_METADATA) return;
    const difference = video.currentTime - place();
    if (!playhead.moves) {
      if (!video.paused) video.pause();
      if (Math.abs(difference) > standsTo) setTo(place());
      return;
    }
    if (Math.abs(difference) > seekFrom * playhead.rate.get()) return setTo(place());
    // Browsers refuse to play before the user has clicked somewhere. The next frame tries again.
    if (video.paused) video.play().catch(() => {});
    const off = ahead ?? difference;
    const change = Math.abs(off) < exactTo ? 0 : Math.max(-mostChange, Math.min(mostChange, off * gain));
    const rate = playhead.rate.get() * (1 - change);
    if (Math.abs(video.playbackRate - rate) > 0.005) video.playbackRate = rate;
  };
  step();
  return () => {
    cancelAnimationFrame(frame);
    if ('cancelVideoFrameCallback' in video) video.cancelVideoFrameCallback(pictures);
    playhead.forget(player);
  };
}
