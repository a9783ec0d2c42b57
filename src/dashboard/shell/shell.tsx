import { type ReactNode, useEffect } from 'react';
import { Link, useLocation } from 'wouter';
import { AlertsButton } from '../alerts/button.tsx';
import { alertSettings } from '../alerts/settings.ts';
import { playbacks } from '../api/entities.ts';
import { apiKey } from '../api/key.ts';
import { useObservable } from '../api/observable.ts';
import { isRunning } from '../api/running.ts';
import { session, useMay } from '../api/session.ts';
import { signOut } from '../api/sign-in.ts';
import { useNodes } from '../nodes/nodes.ts';
import { sendEndings } from '../now/ending.ts';
import { IconButton } from '../parts/button.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { markTab } from '../parts/tab.ts';
import { t } from '../texts/text.ts';
import { ConnectionBadge, LostBanner } from './connection-badge.tsx';
import { SettingsButton } from './settings-button.tsx';
import css from './shell.module.css';
import { StoreBanner } from './store-banner.tsx';
import { ThemeButton } from './theme.tsx';

interface View {
  readonly path: string;
  readonly name: 'cameras' | 'now' | 'playbacks' | 'apiKeys' | 'nodes';
  readonly icon: IconName;
}

const views: readonly View[] = [
  { path: '/cameras', name: 'cameras', icon: 'cameras' },
  { path: '/now', name: 'now', icon: 'now' },
  { path: '/playbacks', name: 'playbacks', icon: 'playbacks' },
];
const keysView = { path: '/keys', name: 'apiKeys', icon: 'key' } as const;
const nodesView = { path: '/nodes', name: 'nodes', icon: 'nodes' } as const;
/** How often the navigation looks whether there is more than one node. */
const lookForNodesMs = 60_000;

/** The frame of every view: the navigation, the state of the connection, the time zone of all times. */
export function Shell({ children }: { children: ReactNode }) {
  const mayManage = useMay('manage');
  const areSeveral = useNodes(mayManage, lookForNodesMs).length > 1;
  const shown = [...views, ...(mayManage ? [keysView] : []), ...(areSeveral ? [nodesView] : [])];
  return (
    <div className={css.shell}>
      <TabMark />
      <a className={css.skip} href="#content">
        {t('shell.skip')}
      </a>
      <header className={css.side}>
        <Link to="/cameras" className={css.brand}>
          <img src="/icon.svg" alt="" width="26" height="26" />
          Flashback
        </Link>
        <nav className={css.nav} aria-label={t('shell.views')}>
          {shown.map((view) => (
            <ViewLink key={view.path} {...view} />
          ))}
        </nav>
        <div className={css.foot}>
          <div className={css.footRow}>
            <ConnectionBadge />
            <span>
              <AlertsButton />
              <ThemeButton />
            </span>
          </div>
          <Who />
          <SettingsButton />
        </div>
      </header>
      <div className={css.view}>
        {children}
        <div className={css.banners}>
          <LostBanner />
          <StoreBanner />
        </div>
      </div>
    </div>
  );
}

/** Shows in the browser's tab how many recordings run. */
function TabMark() {
  const recordings = [...useObservable(playbacks).values()].filter(
    ({ recordingStatus }) => recordingStatus === 'RECORDING',
  ).length;
  useEffect(() => markTab(recordings), [recordings]);
  // After signing out, the mark is gone.
  useEffect(() => () => markTab(0), []);
  return null;
}

/** How long signing out waits for the end of push messages to this browser. */
const endPushMs = 3_000;

async function leave(): Promise<void> {
  sendEndings();
  if (alertSettings.get().push) {
    const ended = import('../alerts/push.ts').then(({ endPush }) => endPush());
    // Without a connection, the server learns it from the push service.
    const late = new Promise((resolve) => setTimeout(resolve, endPushMs));
    await Promise.race([ended.catch(() => {}), late]);
  }
  signOut();
}

/** The user who is signed in; nothing if the server needs no keys. */
function Who() {
  const now = useObservable(session);
  if (now.state !== 'in' || !apiKey()) return null;
  const { name } = now.me;
  const role = t(`names.role.${now.me.role}`);
  return (
    <div className={css.footRow}>
      <span className={css.who} title={`${name}, ${role}`}>
        {name} <span className="quiet">{role}</span>
      </span>
      <IconButton icon="leave" label={t('shell.signOut')} onClick={leave} />
    </div>
  );
}

function ViewLink({ path, name, icon }: View) {
  const [location] = useLocation();
  const current = location === path || location.startsWith(`${path}/`);
  return (
    <Link to={path} className={css.link} aria-current={current ? 'page' : undefined}>
      <Icon name={icon} size={20} />
      <span>{t(`shell.${name}`)}</span>
      {path === '/now' && <RunningCount />}
    </Link>
  );
}

function RunningCount() {
  const running = [...useObservable(playbacks).values()].filter(isRunning).length;
  if (running === 0) return null;
  return (
    <span className={css.count}>
      {running}
      <span className="visuallyHidden"> {t('shell.running')}</span>
    </span>
  );
}
