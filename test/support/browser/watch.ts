// Plays a clip in a real browser to its end.
import type { Browser } from 'playwright-core';

export interface Watched {
  /** Why it did not play, in the browser's words; undefined if it played to its end. */
  error: string | undefined;
  /** Seconds. */
  duration: number;
  frames: number;
}

/** Whether the browser says that it can decode this type, like `video/mp4; codecs="hvc1.1.6.L60.90"`. */
export async function canDecode(browser: Browser, type: string): Promise<boolean> {
  const page = await browser.newPage();
  const answer = await page.evaluate((it) => document.createElement('video').canPlayType(it), type);
  await page.close();
  return answer !== '';
}

/** Plays the file at `url` at four times its speed, without sound. */
export async function watch(browser: Browser, url: string): Promise<Watched> {
  const page = await browser.newPage();
  await page.setContent('<video muted preload="auto"></video>');
  const watched = await page.evaluate(async (src) => {
    const video = document.querySelector('video')!;
    const error = await new Promise<string | undefined>((resolve) => {
      video.onerror = () => resolve(video.error?.message ?? 'unknown');
      video.onended = () => resolve(undefined);
      video.src = src;
      video.playbackRate = 4;
      video.play().catch((problem: Error) => resolve(problem.message));
    });
    return { error, duration: video.duration, frames: video.getVideoPlaybackQuality().totalVideoFrames };
  }, url);
  await page.close();
  return watched;
}
