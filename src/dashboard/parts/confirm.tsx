import { type ReactNode, useState } from 'react';
import { t } from '../texts/text.ts';
import { Button } from './button.tsx';
import css from './confirm.module.css';
import { Dialog } from './dialog.tsx';
import { sayProblem } from './notice.tsx';

/** A button for an action that cannot be undone. It asks first and says what will happen. */
export function ConfirmedButton({
  label,
  action,
  question,
  children,
  onConfirm,
}: {
  label: string;
  /** The text of the button in the dialog; unset: it deletes. */
  action?: string;
  question: string;
  children: ReactNode;
  onConfirm: () => Promise<void>;
}) {
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const confirm = async () => {
    setBusy(true);
    try {
      await onConfirm();
    } catch (error) {
      sayProblem(error);
      setAsking(false);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button kind="danger" {...(!action && { icon: 'trash' })} onClick={() => setAsking(true)}>
        {label}
      </Button>
      {asking && (
        <Dialog title={question} small onClose={() => setAsking(false)}>
          <p>{children}</p>
          <div className={css.actions}>
            <Button onClick={() => setAsking(false)}>{t('parts.keep')}</Button>
            <Button kind="dangerMain" disabled={busy} onClick={confirm}>
              {action ?? t('parts.delete')}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
