import { type FormEvent, useId, useState } from 'react';
import type { Camera } from '../api/entities.ts';
import { useMay } from '../api/session.ts';
import type { EventType } from '../gql/graphql.ts';
import { Button } from '../parts/button.tsx';
import { SelectField, TextField } from '../parts/field.tsx';
import { eventTypes, span, typeName } from '../parts/format.ts';
import { t } from '../texts/text.ts';
import { recordByHand, triggerEvent } from './actions.ts';
import css from './trigger.module.css';

const lengthsSec = [5, 10, 30, 60, 300] as const;

/** Reports an event as an analytics service would, or starts a recording without an event. */
export function Trigger({ cameras }: { cameras: readonly Camera[] }) {
  const titleId = useId();
  const [chosen, setChosen] = useState('');
  const [type, setType] = useState<EventType>('MOTION');
  const [label, setLabel] = useState('');
  const [seconds, setSeconds] = useState('');
  const [busy, setBusy] = useState(false);
  const mayRecord = useMay('record');
  const camera =
    cameras.find(({ id }) => id === chosen) ?? cameras.find(({ state }) => state === 'LIVE') ?? cameras[0];
  if (!camera) return null;
  const lengthSec = seconds === '' ? undefined : Number(seconds);
  const during = async (action: Promise<unknown>) => {
    setBusy(true);
    await action;
    setBusy(false);
  };
  const trigger = (event: FormEvent) => {
    event.preventDefault();
    const input = { cameraId: camera.id, type, label: label.trim() || null, leaseSec: lengthSec ?? null };
    void during(triggerEvent(input, camera));
  };
  return (
    <form className={css.panel} onSubmit={trigger} aria-labelledby={titleId}>
      <h2 id={titleId}>{t('now.start')}</h2>
      <SelectField
        label={t('now.camera')}
        value={camera.id}
        onChange={({ target }) => setChosen(target.value)}
      >
        {cameras.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
      <SelectField
        label={t('now.type')}
        value={type}
        onChange={({ target }) => setType(target.value as EventType)}
        hint={camera.recordOn.includes(type) ? undefined : t('now.doesNotRecord', { camera: camera.name })}
      >
        {eventTypes.map((each) => (
          <option key={each} value={each}>
            {typeName(each)}
          </option>
        ))}
      </SelectField>
      <TextField
        label={t('now.label')}
        placeholder={t('now.labelExample')}
        maxLength={200}
        value={label}
        onChange={({ target }) => setLabel(target.value)}
      />
      <SelectField label={t('now.lasts')} value={seconds} onChange={({ target }) => setSeconds(target.value)}>
        <option value="">{t('now.untilEnded')}</option>
        {lengthsSec.map((sec) => (
          <option key={sec} value={sec}>
            {span(sec * 1_000)}
          </option>
        ))}
      </SelectField>
      <Button type="submit" kind="main" icon="event" disabled={busy}>
        {t('now.trigger')}
      </Button>
      {mayRecord && (
        <Button
          icon="record"
          disabled={busy || !camera.enabled}
          onClick={() => during(recordByHand(camera, lengthSec))}
        >
          {t('now.byHand')}
        </Button>
      )}
    </form>
  );
}
