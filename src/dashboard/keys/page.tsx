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
import css from './keys.module.css';
import { MakeKey } from './make.tsx';
import { roleWords } from './roles.ts';

type ApiKey = ApiKeysQuery['apiKeys'][number];

/** The API keys: who may do what, when each was last used, and making and revoking them. */
export function KeysPage() {
  const mayManage = useMay('manage');
  const [keys, setKeys] = useState<readonly ApiKey[]>();
  const [problem, setProblem] = useState<string>();
  const [making, setMaking] = useState(false);
  const refresh = useCallback(async () => {
    try {
      setKeys((await query(ApiKeysDocument, {})).apiKeys);
      setProblem(undefined);
    } catch (error) {
      setProblem((error as Error).message);
    }
  }, []);
  useEffect(() => void (mayManage && refresh()), [mayManage, refresh]);
  if (!mayManage) {
    return (
      <Page title="Keys">
        <Empty title="Only an administrator sees the keys." />
      </Page>
    );
  }
  return (
    <Page
      title="Keys"
      actions={
        <>
          <ButtonLink to="/start">First steps</ButtonLink>
          <Button kind="main" icon="plus" onClick={() => setMaking(true)}>
            Make a key
          </Button>
        </>
      }
    >
      {problem && <p role="alert">{problem}</p>}
      {keys?.length === 0 && (
        <Empty title="There are no keys">
          Until there is one, whoever is at this machine may do everything, and no other machine may do
          anything.
        </Empty>
      )}
      <ul className={css.list} aria-label="Keys">
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
    (id) => cameras.find((camera) => camera.id === id)?.name ?? 'a deleted camera',
  );
  const isOver = revokedAt || (expiresAt && Date.parse(expiresAt) <= Date.now());
  const revoke = async () => {
    await mutate(RevokeApiKeyDocument, { id });
    say(`The key ${name} is revoked.`);
    await onRevoked();
  };
  return (
    <li className={css.key} data-over={isOver ? true : undefined}>
      <div>
        <h2>{name}</h2>
        <p>
          {roleWords[role]} ·{' '}
          {names ? `only ${names.join(', ') || 'cameras that are deleted'}` : 'all cameras'}
        </p>
        <p className="quiet">
          {lastUsedAt ? `Last used ${dayAndClock(lastUsedAt)}` : 'Never used'}
          {revokedAt
            ? ` · revoked ${dayAndClock(revokedAt)}`
            : expiresAt && ` · ${isOver ? 'expired' : 'expires'} ${dayAndClock(expiresAt)}`}
        </p>
      </div>
      {!isOver && (
        <ConfirmedButton label="Revoke" action="Revoke" question={`Revoke ${name}?`} onConfirm={revoke}>
          Whoever uses it is refused from now on. This cannot be undone.
        </ConfirmedButton>
      )}
    </li>
  );
}
