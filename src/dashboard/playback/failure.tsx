import { mutate } from '../api/client.ts';
import type { Playback } from '../api/entities.ts';
import { useMay } from '../api/session.ts';
import { RetryPlaybackDocument } from '../gql/graphql.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { say, sayProblem } from '../parts/notice.tsx';
import { Coded } from '../parts/problem.tsx';
import { t } from '../texts/text.ts';
import css from './failure.module.css';

/** Why there is no clip, who has to act, and whether a retry can help. */
export function FailurePanel({
  playback: { id, camera },
  failure,
}: {
  playback: Playback;
  failure: NonNullable<Playback['failure']>;
}) {
  const { message, fault, retryable, code } = failure;
  const mayRecord = useMay('record');
  const retry = () =>
    mutate(RetryPlaybackDocument, { id }).then(() => say(t('playback.failure.finishing')), sayProblem);
  return (
    <section className={css.panel} aria-label={t('playback.failure.title')}>
      <h2>{t('playback.failure.noClip')}</h2>
      <p className={css.message}>
        <Coded kind="failure" code={code} text={message} />
      </p>
      <p>
        {t.rich('playback.failure.toAct', { who: () => <b>{t(`names.fault.${fault}`)}</b> })}{' '}
        {t(retryable ? 'playback.failure.isHeld' : 'playback.failure.isNotHeld')}
      </p>
      <div className={css.actions}>
        {retryable && mayRecord && (
          <Button kind="main" icon="retry" onClick={retry}>
            {t('playback.failure.again')}
          </Button>
        )}
        {fault === 'CAMERA' && (
          <ButtonLink to={`/cameras/${camera.id}`} icon="settings">
            {t('playback.failure.camera')}
          </ButtonLink>
        )}
      </div>
      <p className={css.code}>
        <code>{code}</code>
      </p>
    </section>
  );
}
