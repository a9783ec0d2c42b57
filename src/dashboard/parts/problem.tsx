import type { ReactNode } from 'react';
import { Refusal } from '../api/refusal.ts';
import { language, t } from '../texts/text.ts';

/** Text that the server has written: it is English, and screen readers have to pronounce it so. */
export function ServerText({ children }: { children: ReactNode }) {
  return <span lang="en">{children}</span>;
}

type Coded = 'error' | 'failure' | 'camera';

/**
 * What the server says, which is more exact than its code. In another language than English, a sentence for the code
 * stands before it; a code that is not known has none.
 */
export function Coded({ kind, code, text }: { kind: Coded; code: string; text: string }) {
  const key = `names.${kind}.${code}` as 'names.error.CONFLICT';
  return (
    <>
      {language.get() !== 'en' && t.has(key) && `${t(key)} `}
      <ServerText>{text}</ServerText>
    </>
  );
}

/** Why a request, or something else that the user wanted, failed. */
export function Problem({ error }: { error: unknown }) {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof Refusal && error.code !== 'UNREACHABLE')
    return <Coded kind="error" code={error.code} text={error.message} />;
  if (!(error.cause instanceof Error)) return error.message;
  return (
    <>
      {error.message} <Problem error={error.cause} />
    </>
  );
}

/** The server's error about one field; nothing if there is none. */
export const fieldProblem = (text: string | undefined): ReactNode =>
  text && <Coded kind="error" code="BAD_USER_INPUT" text={text} />;
