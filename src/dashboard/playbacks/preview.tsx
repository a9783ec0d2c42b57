import { useEffect, useRef, useState } from 'react';
import type { Playback } from '../api/entities.ts';
import css from './preview.module.css';

/** The pointer has to rest on a card for this long: passing over it must not load its clip. */
const restMs = 350;
/** The preview begins this long before the event. */
const beforeEventSec = 1;

/** Whether the mouse rests on an element, and handlers for the element. Fingers and pens count as not resting. */
export function useRest() {
  const [rests, setRests] = useState(false);
  const timer = useRef<number>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return {
    rests,
    handlers: {
      onPointerEnter: ({ pointerType }: { pointerType: string }) => {
        if (pointerType === 'mouse' && mayPreview())
          timer.current = window.setTimeout(() => setRests(true), restMs);
      },
      onPointerLeave: () => {
        clearTimeout(timer.current);
        setRests(false);
      },
    },
  };
}

/** Whether clips are played on cards: not if the user has asked for less motion or less data. */
function mayPreview(): boolean {
  const { connection } = navigator as { connection?: { saveData?: boolean } };
  const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
  return !isStill && !connection?.saveData && !matchMedia('(prefers-reduced-data: reduce)').matches;
}

/** Plays the clip without sound, from shortly before its event. If it cannot be loaded, the poster stays visible. */
export function Preview({ playback: { videoUrl, preRollMs } }: { playback: Playback }) {
  const fromSec = Math.max(0, (preRollMs ?? 0) / 1_000 - beforeEventSec);
  return <video className={css.preview} src={`${videoUrl}#t=${fromSec}`} autoPlay muted loop playsInline />;
}
