import { type RefObject, useEffect, useRef, useState } from 'react';
import type { Playback } from '../api/entities.ts';
import { stretchOf } from './stretch.ts';
import { type Pointed, PointedPicture } from './timeline-picture.tsx';
import type { Window } from './timeline-view.ts';

interface Shown {
  readonly playbacks: readonly Playback[];
  readonly view: Window;
  readonly now: number;
}

/** Shows the moment and the picture under the mouse. It has a state of its own, so that the rows are not rendered again. */
export function PointedMoment({ area, ...shown }: Shown & { area: RefObject<HTMLElement | null> }) {
  const [pointed, setPointed] = useState<Pointed>();
  const newest = useRef<Shown>(shown);
  newest.current = shown;
  useEffect(() => {
    const element = area.current;
    if (!element) return;
    const onMove = (event: PointerEvent) => setPointed(pointedBy(event, newest.current));
    const onLeave = () => setPointed(undefined);
    element.addEventListener('pointermove', onMove);
    element.addEventListener('pointerleave', onLeave);
    return () => {
      element.removeEventListener('pointermove', onMove);
      element.removeEventListener('pointerleave', onLeave);
    };
  }, [area]);
  return pointed && <PointedPicture pointed={pointed} />;
}

function pointedBy(event: PointerEvent, { playbacks, view, now }: Shown): Pointed | undefined {
  if (event.pointerType === 'touch' || event.buttons !== 0) return undefined;
  const lane = (event.target as HTMLElement).closest<HTMLElement>('[data-camera], [data-scale]');
  if (!lane) return undefined;
  const { left, width, top } = lane.getBoundingClientRect();
  const at = view.from + ((event.clientX - left) / Math.max(1, width)) * (view.to - view.from);
  const playback = playbacks.findLast((it) => {
    const { from, to } = stretchOf(it, now);
    return it.camera.id === lane.dataset['camera'] && from <= at && at < to;
  });
  return { x: event.clientX, y: top, at, playback };
}
