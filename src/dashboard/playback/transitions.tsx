import { fineClock, span, statusName } from '../parts/format.ts';
import { Time } from '../parts/time.tsx';
import { t } from '../texts/text.ts';
import type { Details } from './details.ts';
import css from './transitions.module.css';

/** The transitions of the playback, and how long each status lasted. */
export function Transitions({ transitions }: { transitions: Details['transitions'] }) {
  return (
    <section className={css.panel} aria-label={t('playback.transitions')}>
      <ol className={css.way}>
        {transitions.map(({ cursor, to, at }, i) => {
          const next = transitions[i + 1];
          return (
            <li key={cursor} data-status={to}>
              <span className={css.name}>{statusName(to)}</span>
              <Time at={at} as={fineClock} />
              {next && <span className={css.took}>{span(Date.parse(next.at) - Date.parse(at))}</span>}
            </li>
          );
        })}
      </ol>
    </section>
  );
}
