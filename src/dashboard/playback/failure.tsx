import { mutate } from '../api/client.ts';
import type { Playback } from '../api/entities.ts';
import { useMay } from '../api/session.ts';
import { RetryPlaybackDocument } from '../gql/graphql.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { faultNames } from '../parts/format.ts';
import { say, sayProblem } from '../parts/notice.tsx';
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
    mutate(RetryPlaybackDocument, { id }).then(() => say('It is being finished again.'), sayProblem);
  return (
    <section className={css.panel} aria-label="Failure">
      <h2>There is no clip</h2>
      <p className={css.message}>{message}</p>
      <p>
        Now it is for <b>{faultNames[fault]}</b> to act.{' '}
        {retryable
          ? 'The footage is held on the server: once that is done, try again.'
          : 'No footage is held, so that trying again cannot help.'}
      </p>
      <div className={css.actions}>
        {retryable && mayRecord && (
          <Button kind="main" icon="retry" onClick={retry}>
            Try again
          </Button>
        )}
        {fault === 'CAMERA' && (
          <ButtonLink to={`/cameras/${camera.id}`} icon="settings">
            The camera
          </ButtonLink>
        )}
      </div>
      <p className={css.code}>{code}</p>
    </section>
  );
}
