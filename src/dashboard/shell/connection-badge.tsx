import { connection } from '../api/connection.ts';
import { useObservable } from '../api/observable.ts';
import { clock } from '../parts/format.ts';
import css from './shell.module.css';

/** Whether the shown data is up to date. */
export function ConnectionBadge() {
  const now = useObservable(connection);
  const words = {
    connecting: 'Connecting…',
    open: 'Connected',
    lost: 'Reconnecting…',
  }[now.state];
  return (
    <span className={css.connection} data-state={now.state} role="status" aria-label="Connection">
      {words}
    </span>
  );
}

/** Says since when the shown data may be out of date. */
export function LostBanner() {
  const now = useObservable(connection);
  if (now.state !== 'lost') return null;
  return (
    <div className={css.banner} role="alert">
      The connection to the server is lost. What you see is as of{' '}
      <b className="numbers">{clock(now.since)}</b>; it will catch up by itself.
    </div>
  );
}
