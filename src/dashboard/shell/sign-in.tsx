import { type FormEvent, useState } from 'react';
import { signIn } from '../api/sign-in.ts';
import { Button } from '../parts/button.tsx';
import { CheckField, TextField } from '../parts/field.tsx';
import { Problem } from '../parts/problem.tsx';
import { chooseLanguage, language, t } from '../texts/text.ts';
import { LanguageField } from './language-field.tsx';
import css from './sign-in.module.css';

/** Asks for an API key. @param hadKey whether a key was in use, which is no longer valid */
export function SignIn({ hadKey }: { hadKey: boolean }) {
  const [key, setKey] = useState('');
  const [problem, setProblem] = useState<unknown>();
  const [remembers, setRemembers] = useState(false);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    await signIn(key.trim(), remembers).catch(setProblem);
    setBusy(false);
  };
  return (
    <main className={css.place}>
      <form className={css.panel} onSubmit={submit} noValidate>
        <img src="/icon.svg" alt="" width="40" height="40" />
        <h1>Flashback</h1>
        {hadKey && <p role="alert">{t('shell.keyIsOver')}</p>}
        <TextField
          label={t('shell.apiKey')}
          type="password"
          autoComplete="off"
          required
          value={key}
          problem={problem ? <Problem error={problem} /> : undefined}
          hint={t(remembers ? 'shell.keptUntilSignOut' : 'shell.keptUntilClosed')}
          onChange={({ target }) => setKey(target.value)}
        />
        <CheckField
          label={t('shell.remember')}
          checked={remembers}
          onChange={({ target }) => setRemembers(target.checked)}
        />
        <Button kind="main" type="submit" disabled={busy || key.trim() === ''}>
          {t('shell.signIn')}
        </Button>
        <LanguageField value={language.get() ?? 'en'} onChange={(next) => void chooseLanguage(next)} />
      </form>
    </main>
  );
}
