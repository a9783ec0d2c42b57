import { connection } from '../api/connection.ts';
import { useObservable } from '../api/observable.ts';
import { clock } from '../parts/format.ts';
import { t } from '../texts/text.ts';
import css from './shell.module.css';

/** Whether the shown data is up to date. */
export function ConnectionBadge() {
  const now = useObservable(connection);
  return (
    <span className={css.connection} data-state={now.state} role="status" aria-label={t('shell.connection')}>
      {t(`shell.${now.state}`)}
    </span>
  );
}

/** Says since when the shown data may be out of date. */
export function LostBanner() {
  const now = useObservable(connection);
  if (now.state !== 'lost') return null;
  return (
    <div className={css.banner} role="alert">
      {t.rich('shell.asOf', { since: () => <b className="numbers">{clock(now.since)}</b> })}
    </div>
  );
}
