import { useEffect, useState } from 'react';
import type { Playback } from '../api/entities.ts';
import { clock, dayAndClock } from '../parts/format.ts';
import { type Storyboard, storyboardOf, tileAt } from './storyboard.ts';
import { stretchOf } from './stretch.ts';
import css from './timeline.module.css';

/** Where the pointer is: on the screen, in time (epoch ms), and on which clip. */
export interface Pointed {
  readonly x: number;
  readonly y: number;
  readonly at: number;
  readonly playback: Playback | undefined;
}

/** How long the pointer stays on a clip before its pictures are loaded. */
const restMs = 100;

/** The moment under the pointer, with the picture that the camera had then. */
export function PointedPicture({ pointed: { x, y, at, playback } }: { pointed: Pointed }) {
  const storyboard = useStoryboard(playback);
  const tile = storyboard && playback && tileAt(storyboard, (at - stretchOf(playback, at).from) / 1_000);
  const half = (tile?.width ?? 90) / 2 + 8;
  const left = Math.min(window.innerWidth - half, Math.max(half, x));
  return (
    <div className={css.pointed} style={{ left, top: y }} aria-hidden="true">
      {tile && (
        <div
          className={css.tile}
          style={{
            width: tile.width,
            height: tile.height,
            backgroundImage: `url("${storyboard.image}")`,
            backgroundPosition: `-${tile.x}px -${tile.y}px`,
          }}
        />
      )}
      <span className="numbers">{playback ? clock(at) : dayAndClock(at)}</span>
    </div>
  );
}

function useStoryboard(playback: Playback | undefined): Storyboard | undefined {
  const [found, setFound] = useState<{ id: string; storyboard: Storyboard | undefined }>();
  const id = playback?.recordingStatus === 'COMPLETED' ? playback.id : undefined;
  useEffect(() => {
    if (!id) return;
    let left = false;
    const timer = setTimeout(
      () => void storyboardOf(id).then((storyboard) => !left && setFound({ id, storyboard })),
      restMs,
    );
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [id]);
  return found?.id === id ? found?.storyboard : undefined;
}
