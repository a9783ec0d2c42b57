import { useState } from 'react';
import { mutate } from '../api/client.ts';
import type { Refusal } from '../api/refusal.ts';
import { TestCameraDocument, type TestCameraInput, type TestCameraMutation } from '../gql/graphql.ts';
import { Button } from '../parts/button.tsx';
import { shortNumber } from '../parts/format.ts';
import { Coded } from '../parts/problem.tsx';
import { t } from '../texts/text.ts';
import css from './form.module.css';
import { streamWords } from './state-words.ts';

type Tested = TestCameraMutation['testCamera'];

/**
 * Tests the connection with the form's values, without saving them. Shows what the camera sends, or why it cannot be
 * recorded.
 */
export function CameraTest({
  connection,
  onTested,
  onRefusal,
}: {
  connection: () => TestCameraInput;
  /** Called with the address when its outcome is shown. */
  onTested: (rtspUrl: string) => void;
  onRefusal: (refusal: Refusal | undefined) => void;
}) {
  const [busy, setBusy] = useState(false);
  const [tested, setTested] = useState<Tested>();

  async function test() {
    setBusy(true);
    setTested(undefined);
    onRefusal(undefined);
    try {
      const input = connection();
      setTested((await mutate(TestCameraDocument, { input })).testCamera);
      onTested(input.rtspUrl);
    } catch (error) {
      onRefusal(error as Refusal);
    } finally {
      setBusy(false);
    }
  }

  return (
    <div className={css.test}>
      <Button disabled={busy} onClick={test}>
        {t(busy ? 'cameras.testing' : 'cameras.test')}
      </Button>
      <div aria-live="polite">{tested && <Outcome tested={tested} />}</div>
    </div>
  );
}

function Outcome({ tested }: { tested: Tested }) {
  const { problem, problemCode, picture } = tested;
  if (problem)
    return (
      <p className={css.problem}>
        <Coded kind="camera" code={problemCode ?? 'OTHER'} text={problem} />
      </p>
    );
  return (
    <section className={css.outcome} aria-label={t('cameras.whatItSends')}>
      <div className={css.picture}>{picture && <img src={picture} alt={t('cameras.whatItSees')} />}</div>
      <div>
        <p>{streamWords(tested)}</p>
        <p className="quiet">{rateWords(tested)}</p>
      </div>
    </section>
  );
}

/** Like "15 pictures/s · a keyframe every 2 s · 4.1 Mbit/s". */
function rateWords({ framesPerSec, keyframeIntervalSec, bitsPerSec }: Tested): string {
  return [
    framesPerSec && t('cameras.framesPerSec', { count: shortNumber(framesPerSec) }),
    keyframeIntervalSec && t('cameras.keyframeEvery', { seconds: shortNumber(keyframeIntervalSec) }),
    bitsPerSec &&
      (bitsPerSec < 1e6
        ? `${shortNumber(bitsPerSec / 1e3)} kbit/s`
        : `${shortNumber(bitsPerSec / 1e6)} Mbit/s`),
  ]
    .filter(Boolean)
    .join(' · ');
}
