import { type FormEvent, type ReactNode, useState } from 'react';
import { mutate } from '../api/client.ts';
import type { Playback } from '../api/entities.ts';
import { Refusal } from '../api/refusal.ts';
import { useMay } from '../api/session.ts';
import { tellTabs } from '../api/tabs.ts';
import { ProtectPlaybackDocument, UnprotectPlaybackDocument } from '../gql/graphql.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { dayName, localDay } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';
import { say, sayProblem } from '../parts/notice.tsx';
import { fieldProblem, Problem } from '../parts/problem.tsx';
import { t } from '../texts/text.ts';
import css from './protection.module.css';

/** @throws Refusal */
export async function protect(id: string, reason: string): Promise<void> {
  await mutate(ProtectPlaybackDocument, { id, reason });
  tellTabs({ changedPlayback: id });
}

/**
 * Asks for the reason and protects the playback. Renders nothing if the user may not do that, or if the playback is
 * protected.
 */
export function ProtectButton({ playback: { id, protection } }: { playback: Playback }) {
  const [asking, setAsking] = useState(false);
  const mayRecord = useMay('record');
  if (!mayRecord || protection) return null;
  const save = async (reason: string) => {
    await protect(id, reason);
    setAsking(false);
    say(t('playback.protection.isProtected'));
  };
  return (
    <>
      <Button icon="keep" onClick={() => setAsking(true)}>
        {t('playback.protection.protect')}
      </Button>
      {asking && (
        <ReasonDialog
          title={t('playback.protection.question')}
          onReason={save}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

/** Asks why something is protected. @param onReason may throw a Refusal, which is shown */
export function ReasonDialog({
  title,
  onReason,
  onClose,
}: {
  title: string;
  onReason: (reason: string) => Promise<void>;
  onClose: () => void;
}) {
  const [reason, setReason] = useState('');
  const [problem, setProblem] = useState<ReactNode>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await onReason(reason.trim());
    } catch (error) {
      const own = error instanceof Refusal ? fieldProblem(error.at('reason')) : undefined;
      setProblem(own ?? <Problem error={error} />);
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} small onClose={onClose}>
      <form className={css.form} onSubmit={submit} noValidate>
        <p>{t('playback.protection.promise')}</p>
        <TextField
          label={t('playback.protection.reason')}
          data-first
          required
          maxLength={500}
          placeholder={t('playback.protection.reasonExample')}
          value={reason}
          problem={problem}
          onChange={({ target }) => setReason(target.value)}
        />
        <div className={css.actions}>
          <Button onClick={onClose}>{t('parts.cancel')}</Button>
          <Button kind="main" type="submit" disabled={busy}>
            {t('playback.protection.protect')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Why the playback is protected, and a button that lifts the protection. Renders nothing if it is not protected. */
export function ProtectionPanel({ playback: { id, protection } }: { playback: Playback }) {
  const mayRecord = useMay('record');
  const [busy, setBusy] = useState(false);
  if (!protection) return null;
  const lift = async () => {
    setBusy(true);
    try {
      await mutate(UnprotectPlaybackDocument, { id });
      tellTabs({ changedPlayback: id });
      say(t('playback.protection.isLifted'));
    } catch (error) {
      sayProblem(error);
    } finally {
      setBusy(false);
    }
  };
  const { reason, by, at } = protection;
  return (
    <section className={css.panel} aria-label={t('playback.protection.title')}>
      <Icon name="keep" />
      <p>
        {t.rich('playback.protection.because', {
          b: (text) => <b>{text}</b>,
          quiet: (text) => <span className="quiet">{text}</span>,
          reason,
          by,
          day: dayName(localDay(at)),
        })}
      </p>
      {mayRecord && (
        <Button disabled={busy} onClick={lift}>
          {t('playback.protection.lift')}
        </Button>
      )}
    </section>
  );
}
