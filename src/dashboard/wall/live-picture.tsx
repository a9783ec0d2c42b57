import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { Camera } from '../api/entities.ts';
import { Snapshot } from '../cameras/snapshot.tsx';
import { Button } from '../parts/button.tsx';
import { codecName } from '../parts/format.ts';
import { t } from '../texts/text.ts';
import css from './live-picture.module.css';
import { LivePlayer, type PlayerState, reachSec } from './player.ts';
import { mostWatched, watchCamera } from './socket.ts';

const againMs = 2_000;
const stepSec = 0.5;

type Watching = Readonly<{ player: LivePlayer; back: () => void }>;

/**
 * The camera's live picture while it is in view; a snapshot, with the reason, while there is none.
 * @param frame puts the picture into the tile's frame
 */
export function LivePicture({ camera, frame }: { camera: Camera; frame: (picture: ReactNode) => ReactNode }) {
  const place = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const watching = useRef<Watching>(undefined);
  const isSeen = useSeen(place);
  const [state, setState] = useState<PlayerState | 'full'>('waiting');
  const [behindSec, setBehindSec] = useState(0);
  const [tries, setTries] = useState(0);
  const { id, preRollSec } = camera;
  // biome-ignore lint/correctness/useExhaustiveDependencies: starts over after a failure
  useEffect(() => {
    if (!isSeen || !video.current) return;
    let timer: number | undefined;
    setBehindSec(0);
    const onState = (next: PlayerState) => {
      setState(next);
      if (next === 'failed') timer = window.setTimeout(() => setTries((before) => before + 1), againMs);
    };
    const player = new LivePlayer(video.current, preRollSec, onState);
    const { leave, back } = watchCamera(id, {
      onFormat: (mimeType) => player.setFormat(mimeType),
      onBytes: (bytes) => player.append(bytes),
      onLost: () => player.lose(),
      onFull: (isFull) => setState(isFull ? 'full' : 'waiting'),
    });
    watching.current = { player, back };
    return () => {
      clearTimeout(timer);
      watching.current = undefined;
      leave();
      player.close();
      setState('waiting');
    };
  }, [isSeen, id, preRollSec, tries]);

  const goBack = (seconds: number) => {
    setBehindSec(seconds);
    if (watching.current?.player.goBack(seconds)) watching.current.back();
  };
  const isShown = state === 'playing' && camera.state === 'LIVE';
  return (
    <div ref={place}>
      {frame(
        <div className={css.picture}>
          <video
            ref={video}
            className={css.video}
            data-shown={isShown}
            aria-label={t('wall.sees', { camera: camera.name })}
            muted
            playsInline
          />
          {!isShown && <Snapshot camera={camera} />}
        </div>,
      )}
      {isShown ? (
        <Rewind camera={camera} behindSec={behindSec} onChange={goBack} />
      ) : (
        <WhyNot camera={camera} state={state} />
      )}
    </div>
  );
}

/** Goes back to the last seconds before now. */
function Rewind({
  camera,
  behindSec,
  onChange,
}: {
  camera: Camera;
  behindSec: number;
  onChange: (behindSec: number) => void;
}) {
  return (
    <div className={css.rewind} data-behind={behindSec > 0}>
      <input
        type="range"
        min={-reachSec(camera.preRollSec)}
        max={0}
        step={stepSec}
        value={-behindSec}
        aria-label={t('wall.goBack', { camera: camera.name })}
        aria-valuetext={behindWords(behindSec)}
        onChange={({ currentTarget }) => onChange(-Number(currentTarget.value))}
      />
      {behindSec > 0 ? (
        <Button onClick={() => onChange(0)}>{behindWords(behindSec)}</Button>
      ) : (
        <span className={css.live}>{behindWords(0)}</span>
      )}
    </div>
  );
}

function WhyNot({ camera, state }: { camera: Camera; state: PlayerState | 'full' }) {
  const reason = camera.state === 'LIVE' && whyNot(state, camera.codec);
  return reason ? <p className={css.reason}>{reason}</p> : null;
}

const behindWords = (seconds: number): string =>
  seconds > 0 ? t('wall.ago', { seconds: seconds.toFixed(1) }) : t('wall.live');

function whyNot(state: PlayerState | 'full', codec: string | null | undefined): string | undefined {
  if (state === 'unplayable') {
    return t('wall.notPlayable', { codec: codec ? codecName(codec) : t('wall.thisVideo') });
  }
  if (state === 'full') return t('wall.full', { count: mostWatched });
  if (state === 'failed') return t('wall.failed');
  return undefined;
}

/** Whether the element is in view, in a tab that is shown. */
function useSeen(ref: { readonly current: Element | null }): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    let isInView = false;
    const note = () => setSeen(isInView && document.visibilityState === 'visible');
    const observer = new IntersectionObserver((entries) => {
      isInView = entries.at(-1)!.isIntersecting;
      note();
    });
    if (ref.current) observer.observe(ref.current);
    document.addEventListener('visibilitychange', note);
    return () => {
      observer.disconnect();
      document.removeEventListener('visibilitychange', note);
    };
  }, [ref]);
  return isSeen;
}
