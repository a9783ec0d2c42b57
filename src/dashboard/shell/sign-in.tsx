import { type FormEvent, useState } from 'react';
import { signIn } from '../api/sign-in.ts';
import { Button } from '../parts/button.tsx';
import { CheckField, TextField } from '../parts/field.tsx';
import css from './sign-in.module.css';

/** Asks for an API key. @param reason why the previous key is no longer valid */
export function SignIn({ reason }: { reason: string | undefined }) {
  const [key, setKey] = useState('');
  const [problem, setProblem] = useState<string>();
  const [remembers, setRemembers] = useState(false);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    await signIn(key.trim(), remembers).catch((error: Error) => setProblem(error.message));
    setBusy(false);
  };
  return (
    <main className={css.place}>
      <form className={css.panel} onSubmit={submit} noValidate>
        <img src="/icon.svg" alt="" width="40" height="40" />
        <h1>Flashback</h1>
        {reason && <p role="alert">{reason}</p>}
        <TextField
          label="API key"
          type="password"
          autoComplete="off"
          required
          value={key}
          problem={problem}
          hint={remembers ? 'Kept in this browser until you sign out.' : 'Kept until this tab is closed.'}
          onChange={({ target }) => setKey(target.value)}
        />
        <CheckField
          label="Remember me in this browser"
          checked={remembers}
          onChange={({ target }) => setRemembers(target.checked)}
        />
        <Button kind="main" type="submit" disabled={busy || key.trim() === ''}>
          Sign in
        </Button>
      </form>
    </main>
  );
}
