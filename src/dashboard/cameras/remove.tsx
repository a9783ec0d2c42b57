import { mutate } from '../api/client.ts';
import type { Camera } from '../api/entities.ts';
import { tellTabs } from '../api/tabs.ts';
import { DeleteCameraDocument } from '../gql/graphql.ts';
import { ConfirmedButton } from '../parts/confirm.tsx';
import { say } from '../parts/notice.tsx';

export function RemoveCamera({ camera, onRemoved }: { camera: Camera; onRemoved: () => void }) {
  const remove = async () => {
    await mutate(DeleteCameraDocument, { id: camera.id });
    onRemoved();
    tellTabs({ deletedCamera: camera.id });
    say(`${camera.name} and its playbacks are deleted.`);
  };
  return (
    <ConfirmedButton label="Delete" question={`Delete ${camera.name}?`} onConfirm={remove}>
      All its playbacks are deleted with it, their clips too. This cannot be undone. To keep them, take the
      camera out of use instead.
    </ConfirmedButton>
  );
}
