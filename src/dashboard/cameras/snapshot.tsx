import { useEffect, useState } from 'react';
import type { Camera } from '../api/entities.ts';
import { Icon } from '../parts/icon.tsx';
import css from './snapshot.module.css';

/** Seconds between two pictures; a camera's keyframes are rarely closer together. */
const everyMs = 2_000;

/** The camera's newest picture, renewed for as long as the tab is seen. The old one stays until the new one is there. */
export function Snapshot({ camera }: { camera: Camera }) {
  const { snapshotUrl, state } = camera;
  const shown = useRenewed(state === 'LIVE' ? snapshotUrl : null);
  if (!shown) {
    return (
      <div className={css.none}>
        <Icon name="noPicture" size={26} />
        <span>{state === 'LIVE' ? 'Live, no picture yet' : 'No picture'}</span>
      </div>
    );
  }
  return <img className={css.picture} src={shown} alt={`What ${camera.name} sees`} />;
}

function useRenewed(url: string | null | undefined): string | undefined {
  const [shown, setShown] = useState<string>();
  useEffect(() => {
    setShown(undefined);
    if (!url) return;
    let gone = false;
    let timer: number | undefined;
    const renew = () => {
      const next = new URL(url, location.href);
      next.searchParams.set('t', String(Date.now()));
      const image = new Image();
      image.onload = () => {
        if (gone) return;
        setShown(next.href);
        timer = window.setTimeout(whenSeen, everyMs);
      };
      image.onerror = () => {
        if (!gone) timer = window.setTimeout(whenSeen, everyMs);
      };
      image.src = next.href;
    };
    const whenSeen = () => {
      if (document.visibilityState === 'visible') renew();
      else timer = window.setTimeout(whenSeen, everyMs);
    };
    whenSeen();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [url]);
  return shown;
}
