import { lazy, Suspense, useEffect } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { followAlerts } from './alerts/follow.ts';
import { followEverything } from './api/live.ts';
import { useObservable } from './api/observable.ts';
import { session } from './api/session.ts';
import { askWhoIAm } from './api/sign-in.ts';
import { CamerasPage } from './cameras/page.tsx';
import { EndingNotices } from './now/ending-notices.tsx';
import { NowPage } from './now/page.tsx';
import { Notices } from './parts/notice.tsx';
import { Empty, Page } from './parts/page.tsx';
import { PlaybackPage } from './playback/page.tsx';
import { PlaybacksPage } from './playbacks/page.tsx';
import { KeysHelp } from './shell/keys-help.tsx';
import { followHistory } from './shell/scroll-positions.ts';
import { Shell } from './shell/shell.tsx';
import { SignIn } from './shell/sign-in.tsx';

const SetupPage = lazy(() => import('./setup/page.tsx').then((it) => ({ default: it.SetupPage })));
const KeysPage = lazy(() => import('./keys/page.tsx').then((it) => ({ default: it.KeysPage })));

export function App() {
  const now = useObservable(session);
  useEffect(() => void askWhoIAm(), []);
  if (now.state === 'asking') return null;
  if (now.state === 'out') return <SignIn reason={now.reason} />;
  return <Views />;
}

function Views() {
  useEffect(followEverything, []);
  useEffect(followHistory, []);
  useEffect(followAlerts, []);
  return (
    <Shell>
      <Switch>
        <Route path="/">
          <Redirect to="/cameras" replace />
        </Route>
        <Route path="/cameras/:id?">{({ id }) => <CamerasPage opened={id} />}</Route>
        <Route path="/now" component={NowPage} />
        <Route path="/playbacks" component={PlaybacksPage} />
        <Route path="/playbacks/:id">{({ id }) => <PlaybackPage key={id} id={id} />}</Route>
        <Route path="/keys">
          <Suspense>
            <KeysPage />
          </Suspense>
        </Route>
        <Route path="/start">
          <Suspense>
            <SetupPage />
          </Suspense>
        </Route>
        <Route>
          <Page title="Nothing here">
            <Empty title="There is no view at this address." />
          </Page>
        </Route>
      </Switch>
      <KeysHelp />
      <Notices>
        <EndingNotices />
      </Notices>
    </Shell>
  );
}
