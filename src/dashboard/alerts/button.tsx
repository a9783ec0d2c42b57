import { lazy, Suspense, useState } from 'react';
import { useObservable } from '../api/observable.ts';
import { IconButton } from '../parts/button.tsx';
import { t } from '../texts/text.ts';
import { alertSettings } from './settings.ts';

const AlertsDialog = lazy(() => import('./dialog.tsx').then((it) => ({ default: it.AlertsDialog })));

/** Opens the dialog in which the user chooses alerts. Its icon says whether there are any. */
export function AlertsButton() {
  const [open, setOpen] = useState(false);
  const { sound, desktop, push } = useObservable(alertSettings);
  const isOn = sound || desktop || push !== undefined;
  return (
    <>
      <IconButton
        icon={isOn ? 'bell' : 'bellOff'}
        label={t(isOn ? 'alerts.on' : 'alerts.off')}
        onClick={() => setOpen(true)}
      />
      {open && (
        <Suspense>
          <AlertsDialog onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
