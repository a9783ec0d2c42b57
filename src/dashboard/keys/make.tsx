import { type FormEvent, useState } from 'react';
import { mutate } from '../api/client.ts';
import { useCameras } from '../api/entities.ts';
import { apiKey } from '../api/key.ts';
import type { Refusal } from '../api/refusal.ts';
import { signIn } from '../api/sign-in.ts';
import { CreateApiKeyDocument, type Role } from '../gql/graphql.ts';
import { Button } from '../parts/button.tsx';
import { copyText } from '../parts/copy.ts';
import { Dialog } from '../parts/dialog.tsx';
import { CheckField, SelectField, TextField } from '../parts/field.tsx';
import { fieldProblem, Problem } from '../parts/problem.tsx';
import { t } from '../texts/text.ts';
import css from './keys.module.css';
import { roles, roleWords } from './roles.ts';

const lives = [
  { days: 0, name: 'never' },
  { days: 1, name: 'day' },
  { days: 30, name: 'month' },
  { days: 365, name: 'year' },
] as const;

/**
 * Makes a key, and shows its secret once.
 * @param isFirst the first key must be an administrator's, because from then on every request needs a key
 */
export function MakeKey({
  isFirst,
  onMade,
  onClose,
}: {
  isFirst: boolean;
  onMade: () => Promise<void>;
  onClose: () => void;
}) {
  const cameras = useCameras();
  const [name, setName] = useState(isFirst ? 'admin' : '');
  const [role, setRole] = useState<Role>(isFirst ? 'ADMIN' : 'VIEWER');
  const [limited, setLimited] = useState(false);
  const [cameraIds, setCameraIds] = useState<readonly string[]>([]);
  const [days, setDays] = useState(0);
  const [secret, setSecret] = useState<string>();
  const [refusal, setRefusal] = useState<Refusal>();
  const [busy, setBusy] = useState(false);
  const isLimited = limited && role !== 'ADMIN';

  async function make(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setRefusal(undefined);
    try {
      const expiresAt = days > 0 ? new Date(Date.now() + days * 86_400_000).toISOString() : null;
      const input = { name: name.trim(), role, expiresAt, cameraIds: isLimited ? [...cameraIds] : null };
      const made = (await mutate(CreateApiKeyDocument, { input })).createApiKey.secret;
      setSecret(made);
      // After the first key, this browser needs a key, too.
      if (!apiKey()) await signIn(made, false);
      await onMade();
    } catch (error) {
      setRefusal(error as Refusal);
    } finally {
      setBusy(false);
    }
  }

  if (secret) {
    return (
      <Dialog title={t('keys.made', { name })} onClose={onClose}>
        <div className={css.form}>
          <p>{t('keys.shownOnce')}</p>
          <TextField
            label={t('keys.key')}
            readOnly
            value={secret}
            onFocus={({ target }) => target.select()}
          />
          <div className={css.actions}>
            <Button onClick={() => copyText(secret, t('keys.copied'))}>{t('parts.copy')}</Button>
            <Button kind="main" onClick={onClose}>
              {t('parts.done')}
            </Button>
          </div>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={t('keys.make')} onClose={onClose}>
      <form className={css.form} onSubmit={make} noValidate>
        <TextField
          label={t('keys.name')}
          data-first
          required
          maxLength={100}
          placeholder={t('keys.nameExample')}
          hint={t('keys.nameHint')}
          value={name}
          problem={fieldProblem(refusal?.at('name'))}
          onChange={({ target }) => setName(target.value)}
        />
        <SelectField
          label={t('keys.roleLabel')}
          value={role}
          disabled={isFirst}
          hint={isFirst ? t('keys.firstHint') : undefined}
          onChange={({ target }) => setRole(target.value as Role)}
        >
          {roles.map((each) => (
            <option key={each} value={each}>
              {roleWords(each)}
            </option>
          ))}
        </SelectField>
        <SelectField
          label={t('keys.expiresLabel')}
          value={days}
          onChange={({ target }) => setDays(Number(target.value))}
        >
          {lives.map((life) => (
            <option key={life.days} value={life.days}>
              {t(`keys.life.${life.name}`)}
            </option>
          ))}
        </SelectField>
        {role !== 'ADMIN' && cameras.length > 0 && (
          <fieldset className={css.cameras}>
            <legend className="visuallyHidden">{t('keys.cameras')}</legend>
            <CheckField
              label={t('keys.someCameras')}
              checked={limited}
              onChange={({ target }) => setLimited(target.checked)}
            />
            {limited &&
              cameras.map((camera) => (
                <CheckField
                  key={camera.id}
                  label={camera.name}
                  checked={cameraIds.includes(camera.id)}
                  onChange={({ target }) =>
                    setCameraIds(
                      target.checked
                        ? [...cameraIds, camera.id]
                        : cameraIds.filter((other) => other !== camera.id),
                    )
                  }
                />
              ))}
          </fieldset>
        )}
        {refusal && !refusal.at('name') && (
          <p className={css.problem} role="alert">
            <Problem error={refusal} />
          </p>
        )}
        <div className={css.actions}>
          <Button onClick={onClose}>{t('parts.cancel')}</Button>
          <Button kind="main" type="submit" disabled={busy || (isLimited && cameraIds.length === 0)}>
            {t('keys.makeIt')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
