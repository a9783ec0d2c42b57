import { Fragment, Suspense, useEffect } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { followAlerts } from './alerts/follow.ts';
import { camerasLoaded, useCameras } from './api/entities.ts';
import { followEverything } from './api/live.ts';
import { useObservable } from './api/observable.ts';
import { session, useMay } from './api/session.ts';
import { CamerasPage } from './cameras/page.tsx';
import { EndingNotices } from './now/ending-notices.tsx';
import { NowPage } from './now/page.tsx';
import { Notices } from './parts/notice.tsx';
import { Empty, Page } from './parts/page.tsx';
import { KeysHelp } from './shell/keys-help.tsx';
import { followHistory } from './shell/scroll-positions.ts';
import { Shell } from './shell/shell.tsx';
import { SignIn } from './shell/sign-in.tsx';
import { language, t } from './texts/text.ts';
import { chosenZone } from './texts/time-zone.ts';
import { view } from './view.tsx';

const PlaybackPage = view(() => import('./playback/page.tsx').then((it) => it.PlaybackPage));
const PlaybacksPage = view(() => import('./playbacks/page.tsx').then((it) => it.PlaybacksPage));
const SetupPage = view(() => import('./setup/page.tsx').then((it) => it.SetupPage));
const NodesPage = view(() => import('./nodes/page.tsx').then((it) => it.NodesPage));
const TogetherPage = view(() => import('./together/page.tsx').then((it) => it.TogetherPage));
const KeysPage = view(() => import('./keys/page.tsx').then((it) => it.KeysPage));

/** Loads the view's module, if this is the path of the list or of a playback. Other views load theirs when they are shown. */
export async function preloadView(pathname: string): Promise<void> {
  if (pathname === '/playbacks') await PlaybacksPage.preload();
  else if (pathname.startsWith('/playbacks/')) await PlaybackPage.preload();
}

export function App() {
  const now = useObservable(session);
  const inUse = useObservable(language);
  const zone = useObservable(chosenZone);
  if (!inUse) return null;
  if (now.state === 'asking') return now.isAway ? <p role="status">{t('shell.away')}</p> : null;
  return (
    // Texts and times are read while components are rendered, so all of them start anew.
    <Fragment key={`${inUse} ${zone}`}>
      {now.state === 'out' ? <SignIn hadKey={now.hadKey} /> : <Views />}
    </Fragment>
  );
}

function Views() {
  useEffect(followEverything, []);
  useEffect(followHistory, []);
  useEffect(followAlerts, []);
  useEffect(() => {
    // What most users open next. If it cannot be loaded now, it is loaded when it is opened.
    const load = () => Promise.all([PlaybacksPage.preload(), PlaybackPage.preload()]);
    const timer = setTimeout(() => load().catch(() => {}), 2_000);
    return () => clearTimeout(timer);
  }, []);
  return (
    <Shell>
      <Suspense>
        <Switch>
          <Route path="/" component={FirstView} />
          <Route path="/cameras/:id?">{({ id }) => <CamerasPage opened={id} />}</Route>
          <Route path="/now" component={NowPage} />
          <Route path="/playbacks" component={PlaybacksPage} />
          <Route path="/playbacks/:id">{({ id }) => <PlaybackPage key={id} id={id} />}</Route>
          <Route path="/keys" component={KeysPage} />
          <Route path="/nodes" component={NodesPage} />
          <Route path="/together" component={TogetherPage} />
          <Route path="/start" component={SetupPage} />
          <Route>
            <Page title={t('shell.nothingHere')}>
              <Empty title={t('shell.noView')} />
            </Page>
          </Route>
        </Switch>
      </Suspense>
      <KeysHelp />
      <Notices>
        <EndingNotices />
      </Notices>
    </Shell>
  );
}

/** The cameras; at the first start, when there is none, the first steps. */
function FirstView() {
  const mayManage = useMay('manage');
  const isEmpty = useCameras().length === 0;
  const isLoaded = useObservable(camerasLoaded);
  // Whether there are cameras is not known yet.
  if (mayManage && isEmpty && !isLoaded) return <CamerasPage opened={undefined} />;
  return <Redirect to={mayManage && isEmpty ? '/start' : '/cameras'} replace />;
}
