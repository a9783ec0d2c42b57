import { useEffect, useRef, useState } from 'react';
import css from './live-player.module.css';

/** Plays what is being recorded, from its pre-roll on. hls.js is loaded only now, and not where the browser can do it itself. */
export function LivePlayer({ url, label }: { url: string; label: string }) {
  const ref = useRef<HTMLVideoElement>(null);
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    const video = ref.current;
    if (!video) return;
    let left = false;
    let stop = () => {};
    setProblem(undefined);
    void attach(video, url, setProblem).then((detach) => {
      if (left) detach();
      else stop = detach;
    });
    return () => {
      left = true;
      stop();
    };
  }, [url]);
  return (
    <div className={css.player}>
      <video ref={ref} className={css.video} aria-label={label} autoPlay muted playsInline controls />
      {problem && <p className={css.problem}>{problem}</p>}
    </div>
  );
}

async function attach(
  video: HTMLVideoElement,
  url: string,
  onProblem: (words: string) => void,
): Promise<() => void> {
  const { default: Hls } = await import('hls.js/light');
  if (!Hls.isSupported()) {
    video.src = url;
    return () => video.removeAttribute('src');
  }
  const hls = new Hls({ startPosition: 0, liveDurationInfinity: true });
  hls.on(Hls.Events.ERROR, (_event, { fatal, type }) => {
    if (!fatal) return;
    if (type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
    else onProblem('The live picture cannot be fetched.');
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  return () => hls.destroy();
}
