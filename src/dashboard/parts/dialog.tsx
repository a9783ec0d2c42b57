import { type ReactNode, useId, useLayoutEffect, useRef } from 'react';
import { t } from '../texts/text.ts';
import { IconButton } from './button.tsx';
import css from './dialog.module.css';

/** A modal dialog. It keeps the focus, closes on Escape and on a click outside, and then returns the focus. */
export function Dialog({
  title,
  small = false,
  onClose,
  children,
}: {
  title: string;
  small?: boolean;
  onClose: () => void;
  children: ReactNode;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  // A layout effect, because it ends before the element is removed: a dialog returns the focus only while it is in the
  // document.
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    dialog?.querySelector<HTMLElement>('[data-first]')?.focus();
    return () => dialog?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does the same as a click outside
    <dialog
      ref={ref}
      className={small ? `${css.dialog} ${css.small}` : css.dialog}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === ref.current && onClose()}
    >
      <header className={css.head}>
        <h2 id={titleId}>{title}</h2>
        <IconButton icon="close" label={t('parts.close')} onClick={onClose} />
      </header>
      <div className={css.body}>{children}</div>
    </dialog>
  );
}
