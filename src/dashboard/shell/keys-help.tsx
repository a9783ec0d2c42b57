import { lazy, Suspense, useState } from 'react';
import { usePageKeys } from '../parts/page-keys.ts';

const KeysDialog = lazy(() => import('./keys-dialog.tsx').then((it) => ({ default: it.KeysDialog })));

/** All keys, shown with the key "?". */
export function KeysHelp() {
  const [shown, setShown] = useState(false);
  usePageKeys(({ key }) => (key === '?' ? () => setShown(true) : undefined));
  if (!shown) return null;
  return (
    <Suspense>
      <KeysDialog onClose={() => setShown(false)} />
    </Suspense>
  );
}
