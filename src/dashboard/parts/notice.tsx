import { type ReactNode, useEffect } from 'react';
import { connection } from '../api/connection.ts';
import { observable, useObservable } from '../api/observable.ts';
import { Refusal } from '../api/refusal.ts';
import { t } from '../texts/text.ts';
import { IconButton } from './button.tsx';
import css from './notice.module.css';
import { Problem } from './problem.tsx';

interface Said {
  readonly text: ReactNode;
  readonly bad: boolean;
  /** Whether the notice was shown because the server could not be reached. */
  readonly isUnreachable?: boolean;
}

const notice = observable<Said | undefined>(undefined);
const shownMs = 6_000;

/** Says in a sentence what has happened, to screen readers, too. */
export const say = (text: string): void => notice.set({ text, bad: false });

/** Stays until it is closed. A notice about a lost connection also goes when the connection is back. */
export const sayProblem = (error: unknown): void =>
  notice.set({
    text: <Problem error={error} />,
    bad: true,
    isUnreachable: error instanceof Refusal && error.code === 'UNREACHABLE',
  });

connection.subscribe(() => {
  if (connection.get().state === 'open' && notice.get()?.isUnreachable) notice.set(undefined);
});

/** One sentence, and actions for it. */
export function Notice({
  text,
  bad = false,
  children,
}: {
  text: ReactNode;
  bad?: boolean;
  children: ReactNode;
}) {
  return (
    <div className={bad ? `${css.notice} ${css.bad}` : css.notice}>
      <span>{text}</span>
      {children}
    </div>
  );
}

/** @param children further notices, shown above the latest one */
export function Notices({ children }: { children?: ReactNode }) {
  const shown = useObservable(notice);
  useEffect(() => {
    if (!shown || shown.bad) return;
    const timer = setTimeout(() => notice.set(undefined), shownMs);
    return () => clearTimeout(timer);
  }, [shown]);
  return (
    <div className={css.place} role="status">
      {children}
      {shown && (
        <Notice text={shown.text} bad={shown.bad}>
          <IconButton icon="close" label={t('parts.dismiss')} onClick={() => notice.set(undefined)} />
        </Notice>
      )}
    </div>
  );
}
