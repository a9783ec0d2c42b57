import { useMay } from '../api/session.ts';
import { dayAndClock } from '../parts/format.ts';
import { Empty, Page } from '../parts/page.tsx';
import { ServerText } from '../parts/problem.tsx';
import { t } from '../texts/text.ts';
import css from './nodes.module.css';
import { type ServerNode, useNodes } from './nodes.ts';

const everyMs = 2_000;

/** The servers of the database: which are there, where, and how much each has to do. */
export function NodesPage() {
  const mayManage = useMay('manage');
  const nodes = useNodes(mayManage, everyMs);
  return (
    <Page title={t('shell.nodes')}>
      {mayManage ? (
        <ul className={css.list} aria-label={t('shell.nodes')}>
          {nodes.map((node) => (
            <NodeRow key={node.id} node={node} />
          ))}
        </ul>
      ) : (
        <Empty title={t('nodes.forAdmins')} />
      )}
    </Page>
  );
}

function NodeRow({ node }: { node: ServerNode }) {
  const { id, url, site, version, state, heartbeatAt, problem, cameras, recordings, capacity } = node;
  const isThere = state === 'LIVE' || state === 'DRAINING';
  const where = [t('nodes.site', { site }), t('nodes.version', { version }), url].filter(Boolean).join(' · ');
  return (
    <li className={css.node} data-state={state}>
      <h2>{id}</h2>
      <p>
        <span className={css.state}>{t(`nodes.state.${state}`)}</span> ·{' '}
        {t('nodes.load', { cameras, recordings, capacity })}
      </p>
      {problem && isThere && (
        <p className={css.problem}>
          {t.rich('nodes.problem', { why: () => <ServerText>{problem}</ServerText> })}
        </p>
      )}
      <p className="quiet">
        {where}
        {!isThere && ` · ${t('nodes.heartbeat', { time: dayAndClock(heartbeatAt) })}`}
      </p>
    </li>
  );
}
