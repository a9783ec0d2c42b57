import { useState } from 'react';
import { useCameras } from '../api/entities.ts';
import { useObservable } from '../api/observable.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { CheckField } from '../parts/field.tsx';
import { eventTypes, typeNames } from '../parts/format.ts';
import css from './dialog.module.css';
import { alertSettings, changeAlertSettings } from './settings.ts';
import { allowSound, hasDesktopNotices, ring } from './signals.ts';

/** What alerts the user in this browser. Each change counts at once. */
export function AlertsDialog({ onClose }: { onClose: () => void }) {
  const { sound, desktop, cameraIds, types } = useObservable(alertSettings);
  const cameras = useCameras();
  const [problem, setProblem] = useState<string>();
  const setDesktop = async (isOn: boolean) => {
    const isAllowed = !isOn || (await Notification.requestPermission()) === 'granted';
    setProblem(
      isAllowed ? undefined : 'This browser does not allow it; change that in its settings for this page.',
    );
    changeAlertSettings({ desktop: isOn && isAllowed });
  };
  const setSound = async (isOn: boolean) => {
    changeAlertSettings({ sound: isOn });
    if (isOn) await allowSound();
    if (isOn) ring();
  };
  return (
    <Dialog title="Alerts" onClose={onClose}>
      <div className={css.form}>
        <p>When an event begins to be recorded, and a tab of this browser has the dashboard open:</p>
        <div>
          <CheckField
            label="Play a sound"
            checked={sound}
            onChange={({ target }) => setSound(target.checked)}
          />
          <CheckField
            label="Show a notice on the desktop"
            disabled={!hasDesktopNotices}
            checked={desktop && hasDesktopNotices}
            onChange={({ target }) => setDesktop(target.checked)}
          />
          {!hasDesktopNotices && (
            <p className="quiet">Browsers show notices only for addresses with https, or of this machine.</p>
          )}
          {problem && (
            <p className={css.problem} role="alert">
              {problem}
            </p>
          )}
        </div>
        <Choices
          legend="Cameras"
          options={cameras.map(({ id, name }) => ({ value: id, name }))}
          chosen={cameraIds}
          onChange={(cameraIds) => changeAlertSettings({ cameraIds })}
        />
        <Choices
          legend="Types"
          options={eventTypes.map((type) => ({ value: type, name: typeNames[type] }))}
          chosen={types}
          onChange={(types) => changeAlertSettings({ types })}
        />
        <div className={css.actions}>
          <Button kind="main" onClick={onClose}>
            Done
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
        {legend} {chosen.length === 0 && <span className="quiet">none chosen: all</span>}
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
