import type { RecordingStatus } from '../gql/graphql.ts';
import { statusNames } from '../parts/format.ts';
import css from './steps.module.css';

/** The way of every playback, and how far this one has come. */
export function Steps({ status }: { status: RecordingStatus }) {
  const way: readonly RecordingStatus[] =
    status === 'FAILED'
      ? ['PENDING', 'RECORDING', 'PROCESSING', 'FAILED']
      : ['PENDING', 'RECORDING', 'PROCESSING', 'COMPLETED'];
  const reached = way.indexOf(status);
  return (
    <ol className={css.steps} aria-label="Progress">
      {way.map((step, i) => (
        <li
          key={step}
          className={css.step}
          data-status={step}
          data-state={i < reached ? 'past' : i === reached ? 'now' : 'ahead'}
          aria-current={i === reached ? 'step' : undefined}
        >
          {statusNames[step]}
        </li>
      ))}
    </ol>
  );
}
