import type { Fragment } from '../mp4/fragment.ts';
import { fragmentMs, interleaveMs } from './ffmpeg-args.ts';

/**
 * A camera that is connected counts as dropped when no picture has come for this long: within 5 s of its last one,
 * half a second of which is for a busy machine. The newest picture that ffmpeg gives out is the one before it, whole
 * when the last one began; but the fragment with it may have come earlier by its own length, so that a camera may
 * pause, or take from one picture to the next, for some three seconds.
 */
const stallMs = 5_000 - 500;
/** The first keyframe may be a long interval away (10 s is common, 20 s exists); ffmpeg gives no picture before it. */
const firstPictureMs = 25_000;
/** Sound comes in every fragment; when there was none for so long, the camera sends nothing at all. */
const silentMs = 2_000;

export interface PictureWatch {
  /** @param lateMs by how much later than the promptest of its session the fragment came */
  saw(fragment: Fragment, lateMs: number): void;
  end(): void;
}

/** Watches one session for pictures that stay away, also while its sound goes on. @param onStall told why, for a person */
export function watchPictures(onStall: (problem: string) => void): PictureWatch {
  let sawAt = performance.now();
  let timer = setTimeout(
    onStall,
    firstPictureMs,
    `The camera sent no keyframe within ${firstPictureMs / 1_000} seconds.`,
  );
  const stalled = () => {
    const hasSound = performance.now() - sawAt < silentMs;
    const what = hasSound ? 'sends sound, but no picture has come' : 'is connected but has sent nothing';
    onStall(`The camera ${what} for ${stallMs / 1_000} seconds.`);
  };
  return {
    saw(fragment, lateMs) {
      sawAt = performance.now();
      if (!fragment.hasVideo) return;
      clearTimeout(timer);
      timer = setTimeout(stalled, stallMs - heldMs(fragment, lateMs));
    },
    end: () => clearTimeout(timer),
  };
}

/**
 * For how long ffmpeg has held back what the fragment has of pictures, in ms. When pictures stop and sound goes on, the
 * sound waits for them first, and then fills the fragment. Where it begins only behind them, they were not waiting
 * there, but for the next picture, which makes them whole; that came while the fragment was filled.
 */
function heldMs({ runs, end }: Fragment, lateMs: number): number {
  const sound = runs.find((run) => run.kind === 'audio');
  if (!sound) return 0;
  if (sound.decodeTime / sound.timescale > end) return fragmentMs;
  return Math.min(lateMs, interleaveMs + fragmentMs);
}
