import { useLocation } from 'wouter';
import { camerasLoaded, playbacks, useCameras } from '../api/entities.ts';
import { useObservable } from '../api/observable.ts';
import { isRunning, newestFirst } from '../api/running.ts';
import { useMay } from '../api/session.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { CameraForm } from './form.tsx';
import { CameraOutcome } from './outcome.tsx';
import css from './page.module.css';
import { CameraTile } from './tile.tsx';

/** The wall of cameras. @param opened the camera whose settings are open above it; "new" for a new camera */
export function CamerasPage({ opened }: { opened: string | undefined }) {
  const cameras = useCameras();
  const running = [...useObservable(playbacks).values()].filter(isRunning).sort(newestFirst);
  const loaded = useObservable(camerasLoaded);
  const mayManage = useMay('manage');
  const live = cameras.filter(({ state }) => state === 'LIVE').length;
  return (
    <Page
      title="Cameras"
      count={cameras.length > 0 ? `${live} of ${cameras.length} live` : undefined}
      actions={
        mayManage && (
          <ButtonLink to="/cameras/new" kind="main" icon="plus">
            Add camera
          </ButtonLink>
        )
      }
    >
      {cameras.length === 0 && loaded && (
        <Empty
          title="No cameras yet"
          action={
            mayManage && (
              <>
                <ButtonLink to="/cameras/new">Add the first camera</ButtonLink>{' '}
                <ButtonLink to="/start">First steps</ButtonLink>
              </>
            )
          }
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
  const loaded = useObservable(camerasLoaded);
  const camera = cameras.find((known) => known.id === id);
  const close = () => navigate('/cameras');
  const mayManage = useMay('manage');
  if (!camera && !(id === 'new' && mayManage)) return loaded && <NoSuchCamera onClose={close} />;
  return (
    <Dialog title={camera ? camera.name : 'Add a camera'} onClose={close}>
      {mayManage ? (
        <CameraForm
          camera={camera}
          onAdded={(added) => navigate(`/cameras/${added}`, { replace: true })}
          onClose={close}
        />
      ) : (
        <CameraOutcome id={id} />
      )}
    </Dialog>
  );
}

function NoSuchCamera({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="There is no such camera" small onClose={onClose}>
      <Empty
        title="It was deleted, or the address is wrong."
        action={<Button onClick={onClose}>All cameras</Button>}
      />
    </Dialog>
  );
}
