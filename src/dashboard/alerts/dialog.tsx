import { useState } from 'react';
import { useCameras } from '../api/entities.ts';
import { useObservable } from '../api/observable.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { CheckField } from '../parts/field.tsx';
import { eventTypes, typeName } from '../parts/format.ts';
import { t } from '../texts/text.ts';
import css from './dialog.module.css';
import { PushField } from './push-field.tsx';
import { alertSettings, changeAlertSettings } from './settings.ts';
import { allowSound, hasDesktopNotices, ring } from './signals.ts';

/** What alerts the user in this browser. Each change counts at once. */
export function AlertsDialog({ onClose }: { onClose: () => void }) {
  const { sound, desktop, cameraIds, types } = useObservable(alertSettings);
  const cameras = useCameras();
  const [problem, setProblem] = useState<string>();
  const setDesktop = async (isOn: boolean) => {
    const isAllowed = !isOn || (await Notification.requestPermission()) === 'granted';
    setProblem(isAllowed ? undefined : t('alerts.notAllowed'));
    changeAlertSettings({ desktop: isOn && isAllowed });
  };
  const setSound = async (isOn: boolean) => {
    changeAlertSettings({ sound: isOn });
    if (isOn) await allowSound();
    if (isOn) ring();
  };
  return (
    <Dialog title={t('alerts.title')} onClose={onClose}>
      <div className={css.form}>
        <p>{t('alerts.when')}</p>
        <div>
          <CheckField
            label={t('alerts.sound')}
            checked={sound}
            onChange={({ target }) => setSound(target.checked)}
          />
          <CheckField
            label={t('alerts.desktop')}
            disabled={!hasDesktopNotices}
            checked={desktop && hasDesktopNotices}
            onChange={({ target }) => setDesktop(target.checked)}
          />
          {!hasDesktopNotices && <p className="quiet">{t('alerts.needsHttps')}</p>}
          <PushField />
          {problem && (
            <p className={css.problem} role="alert">
              {problem}
            </p>
          )}
        </div>
        <Choices
          legend={t('alerts.cameras')}
          options={cameras.map(({ id, name }) => ({ value: id, name }))}
          chosen={cameraIds}
          onChange={(cameraIds) => changeAlertSettings({ cameraIds })}
        />
        <Choices
          legend={t('alerts.types')}
          options={eventTypes.map((type) => ({ value: type, name: typeName(type) }))}
          chosen={types}
          onChange={(types) => changeAlertSettings({ types })}
        />
        <div className={css.actions}>
          <Button kind="main" onClick={onClose}>
            {t('parts.done')}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

/** Check boxes. While none is checked, all choices count as chosen. */
function Choices<T extends string>({
  legend,
  options,
  chosen,
  onChange,
}: {
  legend: string;
  options: readonly { value: T; name: string }[];
  chosen: readonly T[];
  onChange: (chosen: readonly T[]) => void;
}) {
  return (
    <fieldset className={css.choices}>
      <legend>
        {legend} {chosen.length === 0 && <span className="quiet">{t('alerts.noneIsAll')}</span>}
      </legend>
      {options.map(({ value, name }) => (
        <CheckField
          key={value}
          label={name}
          checked={chosen.includes(value)}
          onChange={({ target }) =>
            onChange(target.checked ? [...chosen, value] : chosen.filter((other) => other !== value))
          }
        />
      ))}
    </fieldset>
  );
}
