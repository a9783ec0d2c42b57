import type { Playback } from '../api/entities.ts';
import type { RecordingStatus } from '../gql/graphql.ts';
import { statusName } from '../parts/format.ts';
import { t } from '../texts/text.ts';
import css from './steps.module.css';

const toTheEnd: readonly RecordingStatus[] = ['PENDING', 'RECORDING', 'PROCESSING', 'COMPLETED'];
const failedWithFootage: readonly RecordingStatus[] = ['PENDING', 'RECORDING', 'PROCESSING', 'FAILED'];
const failedWithout: readonly RecordingStatus[] = ['PENDING', 'RECORDING', 'FAILED'];

/** The statuses of a playback, and which of them this one has reached. Without footage, PROCESSING is left out. */
export function Steps({ playback }: { playback: Playback }) {
  const { recordingStatus: status, clipStartedAt } = playback;
  const failed = clipStartedAt ? failedWithFootage : failedWithout;
  const way = status === 'FAILED' ? failed : toTheEnd;
  const reached = way.indexOf(status);
  return (
    <ol className={css.steps} aria-label={t('now.progress')}>
      {way.map((step, i) => (
        <li
          key={step}
          className={css.step}
          data-status={step}
          data-state={i < reached ? 'past' : i === reached ? 'now' : 'ahead'}
          aria-current={i === reached ? 'step' : undefined}
        >
          {statusName(step)}
        </li>
      ))}
    </ol>
  );
}
