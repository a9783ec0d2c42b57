import { useEffect, useState } from 'react';
import { query } from '../api/client.ts';
import { StoreProblemDocument } from '../gql/graphql.ts';
import { ServerText } from '../parts/problem.tsx';
import { t } from '../texts/text.ts';
import css from './shell.module.css';

/** How often the server is asked while the page is visible. */
const everyMs = 10_000;

/** Says why clips wait. */
export function StoreBanner() {
  const problem = useStoreProblem();
  if (!problem) return null;
  return (
    <div className={css.notice} role="status" aria-label={t('shell.store')}>
      {t('shell.storeWaits')} <ServerText>{problem}</ServerText>
    </div>
  );
}

function useStoreProblem(): string | undefined {
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    const ask = async () => {
      if (document.visibilityState !== 'visible') return;
      const { storeProblem } = await query(StoreProblemDocument, {});
      setProblem(storeProblem ?? undefined);
    };
    // If the server does not answer, the connection's banner says so.
    const askOrLeave = () => void ask().catch(() => {});
    askOrLeave();
    const timer = setInterval(askOrLeave, everyMs);
    document.addEventListener('visibilitychange', askOrLeave);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', askOrLeave);
    };
  }, []);
  return problem;
}
