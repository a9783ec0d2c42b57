import { memo } from 'react';
import { Link } from 'wouter';
import type { Playback } from '../api/entities.ts';
import { isRunning, occasion } from '../api/running.ts';
import { length } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';
import { StatusBadge } from '../parts/status.tsx';
import { Elapsed, Time } from '../parts/time.tsx';
import css from './card.module.css';
import { Poster } from './poster.tsx';

/** One playback in the list: its poster, camera, reason and time. Scrolling does not render it again. */
export const PlaybackCard = memo(function PlaybackCard({ playback }: { playback: Playback }) {
  const { id, camera, startedAt, durationMs, recordingStatus, gaps, protection } = playback;
  return (
    <article className={css.card} aria-label={`${camera.name}, ${occasion(playback)}`}>
      <Link to={`/playbacks/${id}`} className={css.link}>
        <div className={css.frame}>
          <Poster playback={playback} />
          {recordingStatus !== 'COMPLETED' && (
            <span className={css.status}>
              <StatusBadge status={recordingStatus} />
            </span>
          )}
          {protection && (
            <span
              className={css.protected}
              role="img"
              aria-label="Protected"
              title={`Protected: ${protection.reason}`}
            >
              <Icon name="keep" size={15} />
            </span>
          )}
          {durationMs != null && <span className={css.length}>{length(durationMs)}</span>}
          {isRunning(playback) && durationMs == null && (
            <span className={css.length}>
              <Elapsed since={startedAt} />
            </span>
          )}
          {gaps.length > 0 && (
            <span className={css.gaps}>{gaps.length === 1 ? '1 gap' : `${gaps.length} gaps`}</span>
          )}
        </div>
        <h3 className={css.name}>{camera.name}</h3>
        <p className={css.facts}>
          <Time at={startedAt} />
          <span>{occasion(playback)}</span>
        </p>
      </Link>
    </article>
  );
});
