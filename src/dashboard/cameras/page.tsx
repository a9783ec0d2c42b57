import { useLocation } from 'wouter';
import { playbacks, useCameras } from '../api/entities.ts';
import { freshness } from '../api/live.ts';
import { useObservable } from '../api/observable.ts';
import { isRunning, newestFirst } from '../now/running.ts';
import { ButtonLink } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { CameraForm } from './form.tsx';
import css from './page.module.css';
import { CameraTile } from './tile.tsx';

/** The wall. @param opened the camera whose settings are open over it; "new" for one that is to be added */
export function CamerasPage({ opened }: { opened: string | undefined }) {
  const cameras = useCameras();
  const running = [...useObservable(playbacks).values()].filter(isRunning).sort(newestFirst);
  const loaded = useObservable(freshness) > 0;
  const live = cameras.filter(({ state }) => state === 'LIVE').length;
  return (
    <Page
      title="Cameras"
      count={cameras.length > 0 ? `${live} of ${cameras.length} live` : undefined}
      actions={
        <ButtonLink to="/cameras/new" kind="main" icon="plus">
          Add camera
        </ButtonLink>
      }
    >
      {cameras.length === 0 && loaded && (
        <Empty
          title="No cameras yet"
          action={<ButtonLink to="/cameras/new">Add the first camera</ButtonLink>}
        >
          Flashback keeps the last seconds of every camera that is added, so that a recording begins before
          its event.
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
      {opened && <CameraDialog key={opened} id={opened} />}
    </Page>
  );
}

function CameraDialog({ id }: { id: string }) {
  const [, navigate] = useLocation();
  const cameras = useCameras();
  const camera = cameras.find((known) => known.id === id);
  const close = () => navigate('/cameras');
  if (id !== 'new' && !camera) return null;
  return (
    <Dialog title={camera ? camera.name : 'Add a camera'} onClose={close}>
      <CameraForm camera={camera} onClose={close} />
    </Dialog>
  );
}
