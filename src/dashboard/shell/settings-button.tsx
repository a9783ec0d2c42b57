import { lazy, Suspense, useState } from 'react';
import { zoneName } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';
import { t } from '../texts/text.ts';
import css from './shell.module.css';

const SettingsDialog = lazy(() => import('./settings.tsx').then((it) => ({ default: it.SettingsDialog })));

/** Says in which zone all times are. Opens the dialog in which the user chooses the zone and the language. */
export function SettingsButton() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className={css.zone} title={t('shell.settings')} onClick={() => setOpen(true)}>
        <Icon name="globe" size={14} />
        <span>{t('shell.times', { zone: zoneName() })}</span>
      </button>
      {open && (
        <Suspense>
          <SettingsDialog onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
