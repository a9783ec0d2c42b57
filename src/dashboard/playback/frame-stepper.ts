/**
 * Steps by single frames. The API does not state a clip's frame rate, so it is learned from the frames that are shown.
 */

/**
 * Common frame durations in seconds, each a little longer: the size of a step forward before the frame rate is known.
 */
const guessesSec = [60, 50, 30, 25, 20, 15, 12, 10, 8, 5, 2, 1].map((fps) => 1.05 / fps);
/** How long to wait for a seek that shows no new frame. */
const patienceMs = 400;

export interface FrameStepper {
  /** Shows the next frame (1) or the previous one (-1). */
  step(way: 1 | -1): Promise<void>;
  close(): void;
}

export function createFrameStepper(video: HTMLVideoElement): FrameStepper {
  let shownSec = 0;
  let frameSec: number | undefined;
  let onShown = () => {};
  let request = video.requestVideoFrameCallback(watch);
  let last: Promise<void> = Promise.resolve();

  function watch(_now: number, { mediaTime }: { mediaTime: number }) {
    const since = mediaTime - shownSec;
    // Learned only from two consecutive frames: after a seek, the difference is larger.
    if (!video.paused && since > 0 && (frameSec === undefined || since < frameSec)) frameSec = since;
    shownSec = mediaTime;
    onShown();
    request = video.requestVideoFrameCallback(watch);
  }

  function seek(sec: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      onShown = () => {
        clearTimeout(timer);
        resolve();
      };
      video.currentTime = Math.min(Math.max(0, sec), video.duration);
    });
  }

  async function step(way: 1 | -1): Promise<void> {
    video.pause();
    const before = shownSec;
    if (way === -1) return seek(before - 0.001);
    const tries = frameSec ? [frameSec * 1.05] : guessesSec;
    for (const guess of tries) {
      await seek(before + guess);
      if (shownSec > before) {
        frameSec ??= shownSec - before;
        return;
      }
    }
  }

  return {
    step(way) {
      last = last.then(() => step(way));
      return last;
    },
    close: () => video.cancelVideoFrameCallback(request),
  };
}
