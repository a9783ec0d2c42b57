import type Hls from 'hls.js';
import { useEffect, useRef, useState } from 'react';
import { Button } from '../parts/button.tsx';
import { t } from '../texts/text.ts';
import { askForDetails } from './details.ts';
import css from './live-player.module.css';

const againMs = 2_000;
/** How far behind the newest footage the player stays: the next segment then has time to arrive. */
const marginSec = 1.5;

/**
 * Plays a running recording, beginning with its pre-roll. hls.js is loaded only here, and only if the browser cannot
 * play HLS itself.
 * @param url may change with every answer of the API; the URL in use is kept until it is refused
 */
export function LivePlayer({ id, url, label }: { id: string; url: string; label: string }) {
  const ref = useRef<HTMLVideoElement>(null);
  const newest = useRef(url);
  newest.current = url;
  /** The position at which the player continues after a failure, in seconds. */
  const reachedSec = useRef(0);
  const [tries, setTries] = useState(0);
  const [failing, setFailing] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: starts over after a failure
  useEffect(() => {
    const video = ref.current;
    if (!video) return;
    let left = false;
    let detach = () => {};
    let timer: number | undefined;
    const begin = (Player: typeof Hls) => {
      // Two players on one element would clear each other's buffers, so a player that is no longer in use must not
      // touch it.
      if (left) return;
      detach = attach(Player, video, { url: newest.current, fromSec: reachedSec.current, onFailure });
    };
    const again = () => {
      if (!left) setTries((before) => before + 1);
    };
    const onFailure = () => {
      setFailing(true);
      clearTimeout(timer);
      // Asks for a new link, because this one may have expired.
      timer = window.setTimeout(() => askForDetails(id).then(again, again), againMs);
    };
    import('hls.js/light').then((loaded) => begin(loaded.default), onFailure);
    return () => {
      left = true;
      clearTimeout(timer);
      reachedSec.current = video.currentTime;
      detach();
    };
  }, [tries]);
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
        onPlaying={() => setFailing(false)}
      />
      {failing ? (
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

function attach(
  Player: typeof Hls,
  video: HTMLVideoElement,
  { url, fromSec, onFailure }: { url: string; fromSec: number; onFailure: () => void },
): () => void {
  if (!Player.isSupported()) {
    video.src = url;
    video.addEventListener('error', onFailure);
    return () => {
      video.removeEventListener('error', onFailure);
      video.removeAttribute('src');
    };
  }
  const hls = new Player({ startPosition: fromSec, liveDurationInfinity: true });
  let recovered = false;
  hls.on(Player.Events.ERROR, (_event, { fatal, type }) => {
    if (!fatal) return;
    if (type !== Player.ErrorTypes.MEDIA_ERROR || recovered) return onFailure();
    recovered = true;
    hls.recoverMediaError();
  });
  // Started here, because the user asked to watch: browsers start muted videos by themselves only if they are visible.
  hls.on(Player.Events.MANIFEST_PARSED, () => void video.play().catch(() => {}));
  hls.loadSource(url);
  hls.attachMedia(video);
  return () => hls.destroy();
}
