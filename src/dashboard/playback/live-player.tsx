import { useRef } from 'react';
import { Button } from '../parts/button.tsx';
import { t } from '../texts/text.ts';
import css from './live-player.module.css';
import { useLiveVideo } from './live-video.ts';

/** How far behind the newest footage the player stays: the next segment then has time to arrive. */
const marginSec = 1.5;

/** Plays a running recording, beginning with its pre-roll. */
export function LivePlayer({ id, url, label }: { id: string; url: string; label: string }) {
  const ref = useRef<HTMLVideoElement>(null);
  const { isFailing, onPlaying } = useLiveVideo(ref, { id, url, playsAtOnce: true });
  return (
    <div className={css.screen}>
      <video
        ref={ref}
        className={css.video}
        aria-label={label}
        autoPlay
        muted
        playsInline
        controls
        onPlaying={onPlaying}
      />
      {isFailing ? (
        <p className={css.words} role="status">
          {t('playback.noLivePicture')}
        </p>
      ) : (
        <div className={css.now}>
          <Button onClick={() => ref.current && jumpToNow(ref.current)}>{t('playback.jumpToNow')}</Button>
        </div>
      )}
    </div>
  );
}

function jumpToNow(video: HTMLVideoElement): void {
  const { buffered, seekable } = video;
  const [newest] = [seekable, buffered].filter(({ length }) => length > 0);
  if (newest) video.currentTime = Math.max(0, newest.end(newest.length - 1) - marginSec);
  // The browser may forbid autoplay. Then the viewer presses play.
  void video.play().catch(() => {});
}
