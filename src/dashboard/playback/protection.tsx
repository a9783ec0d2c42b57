import { type FormEvent, useState } from 'react';
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
    say('The playback is protected.');
  };
  return (
    <>
      <Button icon="keep" onClick={() => setAsking(true)}>
        Protect
      </Button>
      {asking && (
        <ReasonDialog title="Protect this playback?" onReason={save} onClose={() => setAsking(false)} />
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
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await onReason(reason.trim());
    } catch (error) {
      setProblem((error instanceof Refusal && error.at('reason')) || (error as Error).message);
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} small onClose={onClose}>
      <form className={css.form} onSubmit={submit} noValidate>
        <p>Nothing deletes what is protected, whatever its age, until somebody lifts the protection.</p>
        <TextField
          label="Reason"
          data-first
          required
          maxLength={500}
          placeholder="for the police, case 4711"
          value={reason}
          problem={problem}
          onChange={({ target }) => setReason(target.value)}
        />
        <div className={css.actions}>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="main" type="submit" disabled={busy}>
            Protect
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
      say('The protection is lifted.');
    } catch (error) {
      sayProblem(error);
    } finally {
      setBusy(false);
    }
  };
  const { reason, by, at } = protection;
  return (
    <section className={css.panel} aria-label="Protection">
      <Icon name="keep" />
      <p>
        <b>Protected:</b> {reason}{' '}
        <span className="quiet">
          By {by}, {dayName(localDay(at))}.
        </span>
      </p>
      {mayRecord && (
        <Button disabled={busy} onClick={lift}>
          Lift the protection
        </Button>
      )}
    </section>
  );
}
