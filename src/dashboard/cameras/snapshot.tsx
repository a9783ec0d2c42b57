import { type ReactNode, useEffect, useRef, useState } from 'react';
import { takeSnapshot } from '../api/ahead-answers.ts';
import { loadCameras } from '../api/cameras.ts';
import type { Camera } from '../api/entities.ts';
import { Icon } from '../parts/icon.tsx';
import { Coded } from '../parts/problem.tsx';
import { t } from '../texts/text.ts';
import css from './snapshot.module.css';
import { loadSnapshot } from './snapshot-image.ts';

/** The time between two pictures. A camera's keyframes are rarely closer together. */
const everyMs = 2_000;

/**
 * The camera's newest picture. It is renewed while the tab is visible; the old picture stays until the new one is
 * loaded.
 */
export function Snapshot({ camera }: { camera: Camera }) {
  const { id, snapshotUrl, state } = camera;
  const shown = useRenewed(id, state === 'LIVE', snapshotUrl ?? undefined);
  if (!shown) {
    return (
      <div className={css.none}>
        <Icon name="noPicture" size={26} />
        <span className={css.words} data-state={state}>
          {why(camera)}
        </span>
      </div>
    );
  }
  return <img className={css.picture} src={shown} alt={t('cameras.sees', { camera: camera.name })} />;
}

function why({ state, lastError, lastErrorCode }: Camera): ReactNode {
  if (state === 'LIVE') return t('cameras.waiting');
  if (state !== 'OFFLINE' || !lastError) return t('cameras.noPicture');
  return <Coded kind="camera" code={lastErrorCode ?? 'OTHER'} text={lastError} />;
}

/** @returns the address of a picture that is already loaded, so that the view does not flicker */
function useRenewed(id: string, isLive: boolean, url: string | undefined): string | undefined {
  const [shown, setShown] = useState<string>();
  const newest = useRef(url);
  newest.current = url;
  useEffect(() => {
    if (!isLive) return;
    let gone = false;
    let timer: number | undefined;
    const again = () => {
      if (!gone) timer = window.setTimeout(renew, everyMs);
    };
    // Queries a new address: it is known only once there is a picture, and it expires.
    const askForAddress = () => void loadCameras().then(again, again);
    const renew = () => {
      if (document.visibilityState !== 'visible') return again();
      if (!newest.current) return askForAddress();
      const image = takeSnapshot(id) ?? loadSnapshot(newest.current);
      image.decode().then(() => {
        if (!gone) setShown(image.src);
        again();
      }, askForAddress);
    };
    renew();
    return () => {
      gone = true;
      clearTimeout(timer);
      setShown(undefined);
    };
  }, [isLive, id]);
  return shown;
}
