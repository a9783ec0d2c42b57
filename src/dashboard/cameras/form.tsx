import { type FormEvent, useEffect, useRef, useState } from 'react';
import { mutate } from '../api/client.ts';
import type { Camera } from '../api/entities.ts';
import type { Refusal } from '../api/refusal.ts';
import { tellTabs } from '../api/tabs.ts';
import { CreateCameraDocument, type EventType, UpdateCameraDocument } from '../gql/graphql.ts';
import { Button } from '../parts/button.tsx';
import { CheckField, TextField } from '../parts/field.tsx';
import { eventTypes, typeName } from '../parts/format.ts';
import { fieldProblem, Problem } from '../parts/problem.tsx';
import { t } from '../texts/text.ts';
import { joinAddress, splitAddress } from './address.ts';
import css from './form.module.css';
import { CameraOutcome } from './outcome.tsx';
import { RemoveCamera } from './remove.tsx';
import { RetentionFields, ruleInputs, rulesOf } from './retention.tsx';
import { SiteField } from './site.tsx';
import { CameraTest } from './test.tsx';

const fieldNames = [
  'name',
  'rtspUrl',
  'channel',
  'preRollSec',
  'postRollSec',
  'maxDurationSec',
  'site',
  'retention',
];

/** The settings of an existing or a new camera. An error is shown at its field, in the server's words. */
export function CameraForm({
  camera,
  testFirst = false,
  onAdded,
  onClose,
}: {
  camera: Camera | undefined;
  /** Whether a new camera can be added only after its address was tested, whatever the outcome. */
  testFirst?: boolean;
  /** Called with the id of the new camera. */
  onAdded: (id: string) => void;
  onClose: () => void;
}) {
  const [saved, setSaved] = useState(camera);
  const [values, setValues] = useState(() => valuesOf(camera));
  const [refusal, setRefusal] = useState<Refusal>();
  const [busy, setBusy] = useState(false);
  const [tested, setTested] = useState<string>();
  const form = useRef<HTMLFormElement>(null);
  // Focuses the field with the error, which may be above the visible part of the form.
  useEffect(() => {
    if (refusal) form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
  }, [refusal]);
  const change = (part: Partial<typeof values>) => setValues((before) => ({ ...before, ...part }));
  const text = (name: 'name' | 'address' | 'user' | 'password') => ({
    value: values[name],
    onChange: (event: { target: { value: string } }) => change({ [name]: event.target.value }),
  });
  const number = (name: 'channel' | 'preRollSec' | 'postRollSec' | 'maxDurationSec') => ({
    type: 'number',
    inputMode: 'numeric' as const,
    required: true,
    value: values[name],
    problem: fieldProblem(refusal?.at(name)),
    onChange: (event: { target: { value: string } }) => change({ [name]: event.target.value }),
  });

  async function save(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setRefusal(undefined);
    try {
      const input = inputOf(values);
      const { camera } = saved
        ? (await mutate(UpdateCameraDocument, { input: { id: saved.id, ...input } })).updateCamera
        : (await mutate(CreateCameraDocument, { input })).createCamera;
      tellTabs({ changedCamera: camera.id });
      if (!saved) onAdded(camera.id);
      setSaved(camera);
      change({ address: camera.rtspUrl, user: '', password: '' });
    } catch (error) {
      setRefusal(error as Refusal);
    } finally {
      setBusy(false);
    }
  }

  const isUntested = testFirst && !saved && tested !== addressOf(values);
  const moved = saved && values.address.trim() !== saved.rtspUrl;
  return (
    <form ref={form} className={css.form} onSubmit={save} noValidate>
      {saved && <CameraOutcome id={saved.id} />}
      <TextField
        label={t('cameras.name')}
        required
        autoComplete="off"
        data-first={saved ? undefined : true}
        {...text('name')}
        problem={fieldProblem(refusal?.at('name'))}
      />
      <TextField
        label={t('cameras.address')}
        required
        inputMode="url"
        autoComplete="off"
        spellCheck={false}
        placeholder="rtsp://192.0.2.10:554/stream"
        {...text('address')}
        onBlur={() => {
          const parts = splitAddress(values.address);
          if (parts.user || parts.password) change(parts);
        }}
        problem={fieldProblem(refusal?.at('rtspUrl'))}
      />
      <div className={css.pair}>
        <TextField label={t('cameras.user')} autoComplete="off" spellCheck={false} {...text('user')} />
        <TextField
          label={t('cameras.password')}
          type="password"
          autoComplete="new-password"
          {...text('password')}
        />
        <p className={css.hint}>
          {t(
            moved ? 'cameras.addressMoved' : saved ? 'cameras.credentialsStored' : 'cameras.credentialsEmpty',
          )}
        </p>
      </div>
      <CameraTest
        connection={() => ({ cameraId: saved?.id, rtspUrl: addressOf(values) })}
        onTested={setTested}
        onRefusal={setRefusal}
      />
      <fieldset className={css.types}>
        <legend>{t('cameras.recordsOn')}</legend>
        <div>
          {eventTypes.map((type) => (
            <CheckField
              key={type}
              label={typeName(type)}
              checked={values.recordOn.includes(type)}
              onChange={({ target }) => change({ recordOn: toggled(values.recordOn, type, target.checked) })}
            />
          ))}
        </div>
      </fieldset>
      <div className={css.numbers}>
        <TextField label={t('cameras.preRoll')} min={0} max={60} {...number('preRollSec')} />
        <TextField label={t('cameras.postRoll')} min={0} max={300} {...number('postRollSec')} />
        <TextField label={t('cameras.longest')} min={1} max={86_400} {...number('maxDurationSec')} />
        <TextField label={t('cameras.channel')} min={0} max={65_535} {...number('channel')} />
      </div>
      {values.preRollSec === '0' && <p className={css.hint}>{t('cameras.withoutPreRoll')}</p>}
      <SiteField
        saved={saved?.site ?? ''}
        value={values.site}
        problem={fieldProblem(refusal?.at('site'))}
        onChange={(site) => change({ site })}
      />
      <RetentionFields
        rules={values.retention}
        problem={refusal?.within('retention')}
        onChange={(retention) => change({ retention })}
      />
      <CheckField
        label={t('cameras.inUse')}
        checked={values.enabled}
        onChange={({ target }) => change({ enabled: target.checked })}
      />
      {refusal && !refusal.liesIn(fieldNames) && (
        <p className={css.problem} role="alert">
          <Problem error={refusal} />
        </p>
      )}
      {isUntested && <p className={css.hint}>{t('cameras.testFirst')}</p>}
      <div className={css.actions}>
        {saved && <RemoveCamera camera={saved} onRemoved={onClose} />}
        <span className={css.space} />
        <Button onClick={onClose}>{t(saved ? 'parts.close' : 'parts.cancel')}</Button>
        <Button kind="main" type="submit" disabled={busy || isUntested}>
          {t(saved ? 'cameras.save' : 'cameras.addAndConnect')}
        </Button>
      </div>
    </form>
  );
}

function valuesOf(camera: Camera | undefined) {
  return {
    name: camera?.name ?? '',
    address: camera?.rtspUrl ?? '',
    user: '',
    password: '',
    recordOn: camera?.recordOn ?? (['MOTION'] as EventType[]),
    preRollSec: String(camera?.preRollSec ?? 5),
    postRollSec: String(camera?.postRollSec ?? 0),
    maxDurationSec: String(camera?.maxDurationSec ?? 3_600),
    channel: String(camera?.channel ?? 1),
    site: camera?.site ?? '',
    retention: rulesOf(camera?.retention),
    enabled: camera?.enabled ?? true,
  };
}

const addressOf = (values: ReturnType<typeof valuesOf>) =>
  joinAddress({ ...values, address: values.address.trim() });

/** A text that is not a number is sent as -1, which the server refuses with an error at that field. */
function inputOf(values: ReturnType<typeof valuesOf>) {
  const whole = (text: string) => (/^\d{1,9}$/.test(text.trim()) ? Number(text) : -1);
  return {
    name: values.name.trim(),
    rtspUrl: addressOf(values),
    recordOn: values.recordOn,
    preRollSec: whole(values.preRollSec),
    postRollSec: whole(values.postRollSec),
    maxDurationSec: whole(values.maxDurationSec),
    channel: whole(values.channel),
    site: values.site,
    retention: ruleInputs(values.retention),
    enabled: values.enabled,
  };
}

const toggled = (types: readonly EventType[], type: EventType, on: boolean): EventType[] =>
  on ? [...types, type] : types.filter((other) => other !== type);
