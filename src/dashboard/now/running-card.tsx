import { useEffect, useState } from 'react';
import type { Playback } from '../api/entities.ts';
import { isRunning, occasion } from '../api/running.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { length } from '../parts/format.ts';
import { Coded } from '../parts/problem.tsx';
import { StatusBadge } from '../parts/status.tsx';
import { Elapsed, Time, useNow } from '../parts/time.tsx';
import { askForDetails } from '../playback/details.ts';
import { LivePlayer } from '../playback/live-player.tsx';
import { Poster } from '../playbacks/poster.tsx';
import { t } from '../texts/text.ts';
import { EndButton } from './end-button.tsx';
import { Offsite } from './offsite.tsx';
import css from './running-card.module.css';
import { Steps } from './steps.tsx';

/** When to ask the API for the poster (ms): more than once, because on a busy server posters wait for each other. */
const askAfterMs = [3_500, 8_000, 20_000];

/** One recording on its way from PENDING to COMPLETED or FAILED. */
export function RunningCard({ playback }: { playback: Playback }) {
  const { id, camera, event, recordingStatus, startedAt, liveUrl, durationMs, failure } = playback;
  const [watching, setWatching] = useState(false);
  usePictureSoon(playback);
  const takesMore = recordingStatus === 'RECORDING' || recordingStatus === 'PENDING';
  return (
    <article className={css.card} aria-label={`${camera.name}, ${occasion(playback)}`}>
      {watching && liveUrl && isRunning(playback) && (
        <div className={css.screen}>
          <LivePlayer id={id} url={liveUrl} label={t('now.live', { camera: camera.name })} />
        </div>
      )}
      <div className={css.body}>
        <div className={css.head}>
          <div className={css.poster}>
            <Poster playback={playback} />
          </div>
          <div className={css.words}>
            <h3 className={css.name}>{camera.name}</h3>
            <p className="quiet">
              {occasion(playback)} · <Time at={startedAt} />
            </p>
          </div>
          <div className={css.length}>
            {takesMore ? (
              <Elapsed since={startedAt} />
            ) : (
              durationMs != null && <span>{length(durationMs)}</span>
            )}
          </div>
        </div>
        <Steps playback={playback} />
        <Offsite playback={playback} />
        {failure && (
          <p className={css.failure}>
            <Coded kind="failure" code={failure.code} text={failure.message} />
          </p>
        )}
        <div className={css.actions}>
          <span className={css.space}>
            {!isRunning(playback) && <StatusBadge status={recordingStatus} />}
            {event?.leaseExpiresAt && takesMore && <Lease expiresAt={event.leaseExpiresAt} />}
          </span>
          {liveUrl && isRunning(playback) && (
            <Button icon="play" aria-pressed={watching} onClick={() => setWatching(!watching)}>
              {t(watching ? 'now.stopWatching' : 'now.watch')}
            </Button>
          )}
          <EndButton playback={playback} />
          <ButtonLink to={`/playbacks/${id}`} kind={recordingStatus === 'COMPLETED' ? 'main' : 'plain'}>
            {t(recordingStatus === 'COMPLETED' ? 'now.play' : 'now.details')}
          </ButtonLink>
        </div>
      </div>
    </article>
  );
}

/** The poster of a recording is made a few seconds after its beginning, and the API does not push that. */
function usePictureSoon({ id, recordingStatus, thumbnailUrl, clipStartedAt }: Playback): void {
  const isDue = recordingStatus === 'RECORDING' && clipStartedAt != null && !thumbnailUrl;
  useEffect(() => {
    if (!isDue) return;
    // After a failure, the next timer tries again.
    const timers = askAfterMs.map((ms) => window.setTimeout(() => askForDetails(id).catch(() => {}), ms));
    return () => timers.forEach(clearTimeout);
  }, [id, isDue]);
}

function Lease({ expiresAt }: { expiresAt: string }) {
  const left = Date.parse(expiresAt) - useNow();
  return (
    <p className="quiet numbers">
      {left > 0 ? t('now.endsIn', { time: length(left + 999) }) : t('now.timeIsUp')}
    </p>
  );
}
