import { useEffect } from 'react';
import { observable, useObservable } from '../api/observable.ts';
import { IconButton } from './button.tsx';
import css from './notice.module.css';

interface Notice {
  readonly text: string;
  readonly bad: boolean;
}

const notice = observable<Notice | undefined>(undefined);
const shownMs = 6_000;

/** Says in a sentence what has happened; heard by screen readers as well. */
export const say = (text: string): void => notice.set({ text, bad: false });

/** Stays until it is closed. */
export const sayProblem = (error: unknown): void =>
  notice.set({ text: error instanceof Error ? error.message : String(error), bad: true });

export function Notices() {
  const shown = useObservable(notice);
  useEffect(() => {
    if (!shown || shown.bad) return;
    const timer = setTimeout(() => notice.set(undefined), shownMs);
    return () => clearTimeout(timer);
  }, [shown]);
  return (
    <div className={css.place} role="status">
      {shown && (
        <div className={shown.bad ? `${css.notice} ${css.bad}` : css.notice}>
          <span>{shown.text}</span>
          <IconButton icon="close" label="Dismiss" onClick={() => notice.set(undefined)} />
        </div>
      )}
    </div>
  );
}
