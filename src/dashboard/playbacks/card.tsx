import { memo } from 'react';
import { Link } from 'wouter';
import type { Playback } from '../api/entities.ts';
import { isRunning, occasion } from '../api/running.ts';
import { clock, length } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';
import { StatusBadge } from '../parts/status.tsx';
import { Elapsed, Time } from '../parts/time.tsx';
import { t } from '../texts/text.ts';
import css from './card.module.css';
import { Poster } from './poster.tsx';
import { Preview, useRest } from './preview.tsx';

/** One playback in the list: its poster, camera, reason and time. Scrolling does not render it again. */
export const PlaybackCard = memo(function PlaybackCard({
  playback,
  selected,
  onSelect,
}: {
  playback: Playback;
  selected: boolean;
  onSelect: (id: string, range: boolean) => void;
}) {
  const { id, camera, startedAt, durationMs, recordingStatus, gaps, protection, reviewed } = playback;
  const { rests, handlers } = useRest();
  return (
    <article
      className={[css.card, selected && css.selected, reviewed && css.reviewed].filter(Boolean).join(' ')}
      aria-label={`${camera.name}, ${occasion(playback)}`}
      data-playback={id}
    >
      <Link to={`/playbacks/${id}`} className={css.link} {...handlers}>
        <div className={css.frame}>
          <Poster playback={playback} />
          {rests && playback.videoUrl && <Preview playback={playback} />}
          {recordingStatus !== 'COMPLETED' && (
            <span className={css.status}>
              <StatusBadge status={recordingStatus} />
            </span>
          )}
          <div className={css.marks}>
            {protection && (
              <span
                className={css.protected}
                role="img"
                aria-label={t('playbacks.filter.protected')}
                title={t('playbacks.protectedBecause', { reason: protection.reason })}
              >
                <Icon name="keep" size={15} />
              </span>
            )}
            {reviewed && (
              <span role="img" aria-label={t('playbacks.reviewed')} title={t('playbacks.reviewed')}>
                <Icon name="reviewed" size={15} />
              </span>
            )}
          </div>
          {durationMs != null && <span className={css.length}>{length(durationMs)}</span>}
          {isRunning(playback) && durationMs == null && (
            <span className={css.length}>
              <Elapsed since={startedAt} />
            </span>
          )}
          {gaps.length > 0 && <span className={css.gaps}>{t('playbacks.gaps', { count: gaps.length })}</span>}
        </div>
        <h3 className={css.name}>{camera.name}</h3>
        <p className={css.facts}>
          <Time at={startedAt} />
          <span>{occasion(playback)}</span>
        </p>
      </Link>
      <input
        type="checkbox"
        className={css.choose}
        aria-label={t('playbacks.choose', { camera: camera.name, time: clock(startedAt) })}
        checked={selected}
        onChange={({ nativeEvent }) =>
          onSelect(id, nativeEvent instanceof MouseEvent && nativeEvent.shiftKey)
        }
      />
    </article>
  );
});
