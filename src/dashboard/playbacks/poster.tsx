import { useRef, useState } from 'react';
import type { Playback } from '../api/entities.ts';
import { Icon } from '../parts/icon.tsx';
import { askForDetails } from '../playback/details.ts';
import css from './poster.module.css';

/**
 * The clip's poster. A bucket's link is signed anew in every answer. The first link is kept, and when it has expired, a
 * new one is queried once.
 */
export function Poster({ playback }: { playback: Playback }) {
  const { id, thumbnailUrl, recordingStatus } = playback;
  const [broken, setBroken] = useState<readonly string[]>([]);
  const kept = useRef<string>(undefined);
  if (!kept.current || broken.includes(kept.current)) kept.current = thumbnailUrl ?? undefined;
  const source = kept.current;
  if (!source || broken.includes(source)) {
    return (
      <div className={css.none} data-status={recordingStatus}>
        <Icon name={recordingStatus === 'FAILED' ? 'noPicture' : 'playbacks'} size={24} />
      </div>
    );
  }
  const onError = () => {
    setBroken([...broken, source]);
    // Without an answer, the card has no picture.
    if (broken.length === 0) askForDetails(id).catch(() => {});
  };
  return (
    <img className={css.picture} src={source} alt="" loading="lazy" decoding="async" onError={onError} />
  );
}
