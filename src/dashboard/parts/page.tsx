import { type ReactNode, useEffect } from 'react';
import css from './page.module.css';
import { setTitle } from './tab.ts';

/** A view: its title (also the window's title), its actions, and its content. */
export function Page({
  title,
  count,
  actions,
  children,
}: {
  title: string;
  count?: string | undefined;
  actions?: ReactNode;
  children: ReactNode;
}) {
  useEffect(() => {
    setTitle(title);
  }, [title]);
  return (
    <main className={css.page} id="content" tabIndex={-1}>
      <header className={css.head}>
        <h1>
          {title}
          {count && <span className={css.count}>{count}</span>}
        </h1>
        {actions}
      </header>
      {children}
    </main>
  );
}

export const panel = css.panel;

/** Shown while there is no content, with what to do about it. */
export function Empty({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={css.empty}>
      <strong>{title}</strong>
      {children && <span>{children}</span>}
      {action && <span>{action}</span>}
    </div>
  );
}
