import { lazy, Suspense } from 'react';
import { camerasLoaded, playbacks, useCameras } from '../api/entities.ts';
import { useObservable } from '../api/observable.ts';
import { isRunning, newestFirst } from '../api/running.ts';
import { useMay } from '../api/session.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { t } from '../texts/text.ts';
import { chooseLive, showsLive } from '../wall/choice.ts';
import css from './page.module.css';
import { CameraTile } from './tile.tsx';

const CameraDialog = lazy(() => import('./dialog.tsx').then((it) => ({ default: it.CameraDialog })));

/** The wall of cameras. @param opened the camera whose settings are open above it; "new" for a new camera */
export function CamerasPage({ opened }: { opened: string | undefined }) {
  const cameras = useCameras();
  const running = [...useObservable(playbacks).values()].filter(isRunning).sort(newestFirst);
  const loaded = useObservable(camerasLoaded);
  const mayManage = useMay('manage');
  const live = cameras.filter(({ state }) => state === 'LIVE').length;
  return (
    <Page
      title={t('cameras.title')}
      count={cameras.length > 0 ? t('cameras.count', { live, all: cameras.length }) : undefined}
      actions={
        <span className={css.actions}>
          {cameras.length > 0 && <LiveButton />}
          {mayManage && (
            <ButtonLink to="/cameras/new" kind="main" icon="plus">
              {t('cameras.add')}
            </ButtonLink>
          )}
        </span>
      }
    >
      {cameras.length === 0 && loaded && (
        <Empty
          title={t('cameras.none')}
          action={
            mayManage && (
              <>
                <ButtonLink to="/cameras/new">{t('cameras.addFirst')}</ButtonLink>{' '}
                <ButtonLink to="/start">{t('cameras.firstSteps')}</ButtonLink>
              </>
            )
          }
        >
          {t('cameras.why')}
        </Empty>
      )}
      <div className={css.wall}>
        {cameras.map((camera) => (
          <CameraTile
            key={camera.id}
            camera={camera}
            recordings={running.filter((playback) => playback.camera.id === camera.id)}
          />
        ))}
      </div>
      {opened && (
        <Suspense>
          <CameraDialog key={opened} id={opened} />
        </Suspense>
      )}
    </Page>
  );
}

/** Shows all cameras live, or with a new picture every two seconds. */
function LiveButton() {
  const isLive = useObservable(showsLive);
  return (
    <Button icon="play" aria-pressed={isLive} onClick={() => chooseLive(!isLive)}>
      {t('wall.live')}
    </Button>
  );
}
