import type { CameraState, RecordingStatus } from '../gql/graphql.ts';
import { statusName } from './format.ts';
import css from './status.module.css';

export function StatusBadge({ status }: { status: RecordingStatus }) {
  return <span className={`${css.badge} ${css[status]}`}>{statusName(status)}</span>;
}

/** A coloured mark. The text next to it says the same. */
export function StateDot({ state }: { state: CameraState }) {
  return <span className={`${css.dot} ${css[state] ?? ''}`} aria-hidden="true" />;
}
