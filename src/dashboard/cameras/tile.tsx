import { lazy, type ReactNode, Suspense } from 'react';
import { Link } from 'wouter';
import type { Camera, Playback } from '../api/entities.ts';
import { useObservable } from '../api/observable.ts';
import { useMay } from '../api/session.ts';
import { recordByHand, stopRecording } from '../now/actions.ts';
import { IconButton } from '../parts/button.tsx';
import { StateDot } from '../parts/status.tsx';
import { Elapsed } from '../parts/time.tsx';
import { t } from '../texts/text.ts';
import { showsLive } from '../wall/choice.ts';
import { Snapshot } from './snapshot.tsx';
import { stateWords, streamWords } from './state-words.ts';
import css from './tile.module.css';

const LivePicture = lazy(() =>
  import('../wall/live-picture.tsx').then((it) => ({ default: it.LivePicture })),
);

/** One camera of the wall. @param recordings the camera's running recordings, newest first */
export function CameraTile({ camera, recordings }: { camera: Camera; recordings: readonly Playback[] }) {
  const recording = recordings.find(({ recordingStatus }) => recordingStatus === 'RECORDING');
  const mayRecord = useMay('record');
  const stream = streamWords(camera);
  const isLive = useObservable(showsLive);
  const frame = (picture: ReactNode) => (
    <Link to={`/cameras/${camera.id}`} className={css.frame}>
      {picture}
      <span className="visuallyHidden">{t('cameras.open', { camera: camera.name })}</span>
    </Link>
  );
  const snapshot = frame(<Snapshot camera={camera} />);
  return (
    <article className={css.tile} aria-label={camera.name} data-state={camera.state}>
      {isLive ? (
        <Suspense fallback={snapshot}>
          <LivePicture camera={camera} frame={frame} />
        </Suspense>
      ) : (
        snapshot
      )}
      {recording && (
        <Link to="/now" className={css.recording}>
          {t('cameras.recording')} <Elapsed since={recording.startedAt} />
        </Link>
      )}
      <div className={css.foot}>
        <div className={css.words}>
          <h2 className={css.name} title={camera.name}>
            {camera.name}
          </h2>
          <p className={css.state}>
            <StateDot state={camera.state} />
            <span>
              {stateWords(camera)}
              {camera.state === 'LIVE' && stream && ` · ${stream}`}
            </span>
          </p>
        </div>
        {mayRecord && (
          <div className={css.actions}>
            {recording && !recording.event ? (
              <IconButton
                icon="stop"
                kind="danger"
                label={t('cameras.stop', { camera: camera.name })}
                onClick={() => stopRecording(recording.id)}
              />
            ) : (
              <IconButton
                icon="record"
                label={t('cameras.record', { camera: camera.name })}
                disabled={!camera.enabled}
                onClick={() => recordByHand(camera)}
              />
            )}
          </div>
        )}
      </div>
    </article>
  );
}
