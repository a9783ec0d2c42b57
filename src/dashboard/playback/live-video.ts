import type Hls from 'hls.js';
import { type RefObject, useEffect, useRef, useState } from 'react';
import { askForDetails } from './details.ts';

const againMs = 2_000;

/**
 * Lets a video element show a running recording (HLS), beginning with its pre-roll. hls.js is loaded only here, and only
 * if the browser cannot play HLS itself.
 * @param url may change with every answer of the API; the URL in use is kept until it is refused
 * @param playsAtOnce whether it begins to play by itself
 */
export function useLiveVideo(
  ref: RefObject<HTMLVideoElement | null>,
  { id, url, playsAtOnce }: { id: string; url: string; playsAtOnce: boolean },
): { readonly isFailing: boolean; readonly onPlaying: () => void } {
  const newest = useRef(url);
  newest.current = url;
  /** The position at which the player continues after a failure, in seconds. */
  const reachedSec = useRef(0);
  const [tries, setTries] = useState(0);
  const [isFailing, setFailing] = useState(false);
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
      const fromSec = reachedSec.current;
      detach = attach(Player, video, { url: newest.current, fromSec, playsAtOnce, onFailure });
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
  return { isFailing, onPlaying: () => setFailing(false) };
}

function attach(
  Player: typeof Hls,
  video: HTMLVideoElement,
  {
    url,
    fromSec,
    playsAtOnce,
    onFailure,
  }: { url: string; fromSec: number; playsAtOnce: boolean; onFailure: () => void },
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
  if (playsAtOnce) hls.on(Player.Events.MANIFEST_PARSED, () => void video.play().catch(() => {}));
  hls.loadSource(url);
  hls.attachMedia(video);
  return () => hls.destroy();
}
