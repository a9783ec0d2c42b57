import { useRef, useState } from 'react';
import { query } from '../api/client.ts';
import type { Playback } from '../api/entities.ts';
import { PlaybackDetailsDocument } from '../gql/graphql.ts';
import { Icon } from '../parts/icon.tsx';
import css from './poster.module.css';

/** The clip's picture; words where there is none. A link to a bucket that has run out is asked for anew, once. */
export function Poster({ playback }: { playback: Playback }) {
  const { id, thumbnailUrl, recordingStatus } = playback;
  const [broken, setBroken] = useState<string>();
  const asked = useRef(false);
  if (!thumbnailUrl || broken === thumbnailUrl) {
    return (
      <div className={css.none} data-status={recordingStatus}>
        <Icon name={recordingStatus === 'FAILED' ? 'noPicture' : 'playbacks'} size={24} />
      </div>
    );
  }
  const onError = () => {
    setBroken(thumbnailUrl);
    if (asked.current) return;
    asked.current = true;
    query(PlaybackDetailsDocument, { id }).catch(() => {});
  };
  return (
    <img
      className={css.picture}
      src={thumbnailUrl}
      alt=""
      loading="lazy"
      decoding="async"
      onError={onError}
    />
  );
}
