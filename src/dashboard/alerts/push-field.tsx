import { useEffect, useState } from 'react';
import { useObservable } from '../api/observable.ts';
import { CheckField } from '../parts/field.tsx';
import { t } from '../texts/text.ts';
import css from './dialog.module.css';
import { endPush, savePush } from './push.ts';
import { alertSettings } from './settings.ts';
import { hasDesktopNotices, hasPush } from './signals.ts';

/** Whether this browser is sent push messages. A change of the choice of cameras or types counts for them at once. */
export function PushField() {
  const { push, cameraIds, types } = useObservable(alertSettings);
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const attempt = async (change: () => Promise<void>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await change();
    } catch (error) {
      setProblem(t('alerts.pushRefused', { reason: (error as Error).message }));
    } finally {
      setBusy(false);
    }
  };
  const turnOn = async () => {
    if ((await Notification.requestPermission()) === 'granted') await attempt(savePush);
    else setProblem(t('alerts.notAllowed'));
  };
  const isOn = push !== undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: saves when one of these changes
  useEffect(() => {
    if (isOn) void savePush().catch((error: Error) => setProblem(error.message));
  }, [cameraIds, types]);
  return (
    <>
      <CheckField
        label={t('alerts.push')}
        disabled={!hasPush || busy}
        checked={isOn && hasPush}
        onChange={({ target }) => void (target.checked ? turnOn() : attempt(endPush))}
      />
      {hasDesktopNotices && !hasPush && <p className="quiet">{t('alerts.pushNeeds')}</p>}
      {problem && (
        <p className={css.problem} role="alert">
          {problem}
        </p>
      )}
    </>
  );
}
