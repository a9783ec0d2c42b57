import { useLocation } from 'wouter';
import { camerasLoaded, useCameras } from '../api/entities.ts';
import { useObservable } from '../api/observable.ts';
import { useMay } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Empty } from '../parts/page.tsx';
import { t } from '../texts/text.ts';
import { CameraForm } from './form.tsx';
import { CameraOutcome } from './outcome.tsx';

/** A camera's settings, or its state for who may not change them. @param id "new" for a new camera */
export function CameraDialog({ id }: { id: string }) {
  const [, navigate] = useLocation();
  const cameras = useCameras();
  const loaded = useObservable(camerasLoaded);
  const camera = cameras.find((known) => known.id === id);
  const close = () => navigate('/cameras');
  const mayManage = useMay('manage');
  if (!camera && !(id === 'new' && mayManage)) return loaded && <NoSuchCamera onClose={close} />;
  return (
    <Dialog title={camera ? camera.name : t('cameras.addTitle')} onClose={close}>
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
    <Dialog title={t('cameras.noSuch')} small onClose={onClose}>
      <Empty
        title={t('cameras.deletedOrWrong')}
        action={<Button onClick={onClose}>{t('cameras.all')}</Button>}
      />
    </Dialog>
  );
}
