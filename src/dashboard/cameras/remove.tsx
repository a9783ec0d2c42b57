import { mutate } from '../api/client.ts';
import type { Camera } from '../api/entities.ts';
import { tellTabs } from '../api/tabs.ts';
import { DeleteCameraDocument } from '../gql/graphql.ts';
import { ConfirmedButton } from '../parts/confirm.tsx';
import { say } from '../parts/notice.tsx';
import { t } from '../texts/text.ts';

export function RemoveCamera({ camera, onRemoved }: { camera: Camera; onRemoved: () => void }) {
  const remove = async () => {
    await mutate(DeleteCameraDocument, { id: camera.id });
    onRemoved();
    tellTabs({ deletedCamera: camera.id });
    say(t('cameras.isDeleted', { camera: camera.name }));
  };
  return (
    <ConfirmedButton
      label={t('parts.delete')}
      question={t('cameras.deleteQuestion', { camera: camera.name })}
      onConfirm={remove}
    >
      {t('cameras.deleteWarning')}
    </ConfirmedButton>
  );
}
