import { useState } from 'react';
import { useLocation } from 'wouter';
import { useCamera, usePlayback } from '../api/entities.ts';
import { useMay } from '../api/session.ts';
import { recordByHand } from '../now/actions.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Coded } from '../parts/problem.tsx';
import { StateDot, StatusBadge } from '../parts/status.tsx';
import { t } from '../texts/text.ts';
import css from './form.module.css';
import { Snapshot } from './snapshot.tsx';
import { stateWords, streamWords } from './state-words.ts';

const testSec = 3;

/** Shows the camera's state with these settings as it changes, and offers a short recording as a test of everything. */
export function CameraOutcome({ id }: { id: string }) {
  const camera = useCamera(id);
  const [testId, setTestId] = useState<string>();
  const [, navigate] = useLocation();
  const mayRecord = useMay('record');
  if (!camera) return null;
  const test = async () => setTestId(await recordByHand(camera, testSec));
  return (
    <section className={css.outcome} aria-label={t('cameras.connection')}>
      <div className={css.picture}>
        <Snapshot camera={camera} />
      </div>
      <div aria-live="polite">
        <p className={css.state}>
          <StateDot state={camera.state} /> {stateWords(camera)}
        </p>
        <p className="quiet">{streamWords(camera)}</p>
        {camera.lastError && camera.state !== 'LIVE' && (
          <p className={css.problem}>
            <Coded kind="camera" code={camera.lastErrorCode ?? 'OTHER'} text={camera.lastError} />
          </p>
        )}
        <div className={css.outcomeActions}>
          {mayRecord && (
            <Button icon="record" disabled={!camera.enabled} onClick={test}>
              {t('cameras.testRecording', { seconds: testSec })}
            </Button>
          )}
          {testId ? (
            <TestResult id={testId} onOpen={() => navigate(`/playbacks/${testId}`)} />
          ) : (
            <ButtonLink to={`/playbacks?camera=${id}`} kind="bare">
              {t('cameras.itsPlaybacks')}
            </ButtonLink>
          )}
        </div>
      </div>
    </section>
  );
}

function TestResult({ id, onOpen }: { id: string; onOpen: () => void }) {
  const playback = usePlayback(id);
  if (!playback) return null;
  const { recordingStatus } = playback;
  if (recordingStatus === 'COMPLETED' || recordingStatus === 'FAILED') {
    return (
      <Button onClick={onOpen}>
        {t(recordingStatus === 'COMPLETED' ? 'setup.seeClip' : 'setup.seeWhy')}
      </Button>
    );
  }
  return <StatusBadge status={recordingStatus} />;
}
