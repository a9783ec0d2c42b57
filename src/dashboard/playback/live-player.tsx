import { useEffect, useRef, useState } from 'react';
import css from './live-player.module.css';

const againMs = 2_000;

/**
 * Plays what is being recorded, from its pre-roll on. hls.js is loaded only now, and only where the browser cannot do
 * it itself. @param url may change with every answer of the API: the one that plays is kept until it is refused
 */
export function LivePlayer({ url, label }: { url: string; label: string }) {
  const ref = useRef<HTMLVideoElement>(null);
  const newest = useRef(url);
  newest.current = url;
  const [tries, setTries] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: begins anew after a failure
  useEffect(() => {
    const video = ref.current;
    if (!video) return;
    let left = false;
    let stop = () => {};
    let timer: number | undefined;
    const onFailure = () => {
      timer = window.setTimeout(() => setTries((before) => before + 1), againMs);
    };
    void attach(video, newest.current, onFailure).then((detach) => {
      if (left) detach();
      else stop = detach;
    }, onFailure);
    return () => {
      left = true;
      clearTimeout(timer);
      stop();
    };
  }, [tries]);
  return <video ref={ref} className={css.video} aria-label={label} autoPlay muted playsInline controls />;
}

async function attach(video: HTMLVideoElement, url: string, onFailure: () => void): Promise<() => void> {
  const { default: Hls } = await import('hls.js/light');
  if (!Hls.isSupported()) {
    video.src = url;
    return () => video.removeAttribute('src');
  }
  const hls = new Hls({ startPosition: 0, liveDurationInfinity: true });
  hls.on(Hls.Events.ERROR, (_event, { fatal, type }) => {
    if (!fatal) return;
    if (type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
    else onFailure();
  });
  // Somebody asked to watch: a browser starts muted pictures by itself only where they are on screen.
  hls.on(Hls.Events.MANIFEST_PARSED, () => void video.play().catch(() => {}));
  hls.loadSource(url);
  hls.attachMedia(video);
  return () => hls.destroy();
}
