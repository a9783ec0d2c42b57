import { useCallback, useEffect, useState } from 'react';
import { mutate, query } from '../api/client.ts';
import { useCameras } from '../api/entities.ts';
import { useMay } from '../api/session.ts';
import { ApiKeysDocument, type ApiKeysQuery, RevokeApiKeyDocument } from '../gql/graphql.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { ConfirmedButton } from '../parts/confirm.tsx';
import { dayAndClock } from '../parts/format.ts';
import { say } from '../parts/notice.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { t } from '../texts/text.ts';
import css from './keys.module.css';
import { MakeKey } from './make.tsx';
import { roleWords } from './roles.ts';

type ApiKey = ApiKeysQuery['apiKeys'][number];

/** The API keys: who may do what, when each was last used, and making and revoking them. */
export function KeysPage() {
  const mayManage = useMay('manage');
  const [keys, setKeys] = useState<readonly ApiKey[]>();
  const [problem, setProblem] = useState<unknown>();
  const [making, setMaking] = useState(false);
  const refresh = useCallback(async () => {
    try {
      setKeys((await query(ApiKeysDocument, {})).apiKeys);
      setProblem(undefined);
    } catch (error) {
      setProblem(error);
    }
  }, []);
  useEffect(() => void (mayManage && refresh()), [mayManage, refresh]);
  if (!mayManage) {
    return (
      <Page title={t('keys.title')}>
        <Empty title={t('keys.forAdmins')} />
      </Page>
    );
  }
  return (
    <Page
      title={t('keys.title')}
      actions={
        <>
          <ButtonLink to="/start">{t('keys.firstSteps')}</ButtonLink>
          <Button kind="main" icon="plus" onClick={() => setMaking(true)}>
            {t('keys.make')}
          </Button>
        </>
      }
    >
      {problem !== undefined && (
        <p role="alert">
          <Problem error={problem} />
        </p>
      )}
      {keys?.length === 0 && <Empty title={t('keys.none')}>{t('keys.untilThen')}</Empty>}
      <ul className={css.list} aria-label={t('keys.title')}>
        {keys?.map((key) => (
          <KeyRow key={key.id} apiKey={key} onRevoked={refresh} />
        ))}
      </ul>
      {making && <MakeKey isFirst={keys?.length === 0} onMade={refresh} onClose={() => setMaking(false)} />}
    </Page>
  );
}

function KeyRow({ apiKey, onRevoked }: { apiKey: ApiKey; onRevoked: () => Promise<void> }) {
  const { id, name, role, cameraIds, expiresAt, revokedAt, lastUsedAt } = apiKey;
  const cameras = useCameras();
  const names = cameraIds?.map(
    (id) => cameras.find((camera) => camera.id === id)?.name ?? t('keys.deletedCamera'),
  );
  const isOver = revokedAt || (expiresAt && Date.parse(expiresAt) <= Date.now());
  const revoke = async () => {
    await mutate(RevokeApiKeyDocument, { id });
    say(t('keys.isRevoked', { name }));
    await onRevoked();
  };
  return (
    <li className={css.key} data-over={isOver ? true : undefined}>
      <div>
        <h2>{name}</h2>
        <p>
          {roleWords(role)} ·{' '}
          {names
            ? t('keys.onlyCameras', { cameras: names.join(', ') || t('keys.deletedCameras') })
            : t('keys.allCameras')}
        </p>
        <p className="quiet">
          {lastUsedAt ? t('keys.lastUsed', { time: dayAndClock(lastUsedAt) }) : t('keys.neverUsed')}
          {revokedAt
            ? ` · ${t('keys.revoked', { time: dayAndClock(revokedAt) })}`
            : expiresAt &&
              ` · ${t(isOver ? 'keys.expired' : 'keys.expires', { time: dayAndClock(expiresAt) })}`}
        </p>
      </div>
      {!isOver && (
        <ConfirmedButton
          label={t('keys.revoke')}
          action={t('keys.revoke')}
          question={t('keys.revokeQuestion', { name })}
          onConfirm={revoke}
        >
          {t('keys.revokeWarning')}
        </ConfirmedButton>
      )}
    </li>
  );
}
