import { type FormEvent, useEffect, useRef, useState } from 'react';
import { mutate } from '../api/client.ts';
import type { Camera } from '../api/entities.ts';
import type { Refusal } from '../api/refusal.ts';
import { tellTabs } from '../api/tabs.ts';
import { CreateCameraDocument, type EventType, UpdateCameraDocument } from '../gql/graphql.ts';
import { Button } from '../parts/button.tsx';
import { CheckField, TextField } from '../parts/field.tsx';
import { eventTypes, typeNames } from '../parts/format.ts';
import { joinAddress, splitAddress } from './address.ts';
import css from './form.module.css';
import { CameraOutcome } from './outcome.tsx';
import { RemoveCamera } from './remove.tsx';
import { RetentionFields, ruleInputs, rulesOf } from './retention.tsx';
import { CameraTest } from './test.tsx';

const fieldNames = ['name', 'rtspUrl', 'channel', 'preRollSec', 'postRollSec', 'maxDurationSec', 'retention'];

/** The settings of an existing or a new camera. An error is shown at its field, in the server's words. */
export function CameraForm({
  camera,
  onAdded,
  onClose,
}: {
  camera: Camera | undefined;
  /** Called with the id of the new camera. */
  onAdded: (id: string) => void;
  onClose: () => void;
}) {
  const [saved, setSaved] = useState(camera);
  const [values, setValues] = useState(() => valuesOf(camera));
  const [refusal, setRefusal] = useState<Refusal>();
  const [busy, setBusy] = useState(false);
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
    problem: refusal?.at(name),
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

  const moved = saved && values.address.trim() !== saved.rtspUrl;
  return (
    <form ref={form} className={css.form} onSubmit={save} noValidate>
      {saved && <CameraOutcome id={saved.id} />}
      <TextField
        label="Name"
        required
        autoComplete="off"
        data-first={saved ? undefined : true}
        {...text('name')}
        problem={refusal?.at('name')}
      />
      <TextField
        label="Address"
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
        problem={refusal?.at('rtspUrl')}
      />
      <div className={css.pair}>
        <TextField label="User name" autoComplete="off" spellCheck={false} {...text('user')} />
        <TextField label="Password" type="password" autoComplete="new-password" {...text('password')} />
        <p className={css.hint}>
          {moved
            ? 'The address is another: enter its user name and password, if it wants them.'
            : saved
              ? 'Stored, but never shown. Leave both empty to keep them.'
              : 'Leave both empty where the camera asks for none.'}
        </p>
      </div>
      <CameraTest
        connection={() => ({ cameraId: saved?.id, rtspUrl: addressOf(values) })}
        onRefusal={setRefusal}
      />
      <fieldset className={css.types}>
        <legend>Records on</legend>
        <div>
          {eventTypes.map((type) => (
            <CheckField
              key={type}
              label={typeNames[type]}
              checked={values.recordOn.includes(type)}
              onChange={({ target }) => change({ recordOn: toggled(values.recordOn, type, target.checked) })}
            />
          ))}
        </div>
      </fieldset>
      <div className={css.numbers}>
        <TextField label="Pre-roll, s" min={0} max={60} {...number('preRollSec')} />
        <TextField label="Post-roll, s" min={0} max={300} {...number('postRollSec')} />
        <TextField label="Longest, s" min={1} max={86_400} {...number('maxDurationSec')} />
        <TextField label="Channel" min={0} max={65_535} {...number('channel')} />
      </div>
      {values.preRollSec === '0' && (
        <p className={css.hint}>
          Without pre-roll there is no standing connection: recordings miss their first moments.
        </p>
      )}
      <RetentionFields
        rules={values.retention}
        problem={refusal?.within('retention')}
        onChange={(retention) => change({ retention })}
      />
      <CheckField
        label="In use"
        checked={values.enabled}
        onChange={({ target }) => change({ enabled: target.checked })}
      />
      {refusal && !refusal.liesIn(fieldNames) && (
        <p className={css.problem} role="alert">
          {refusal.message}
        </p>
      )}
      <div className={css.actions}>
        {saved && <RemoveCamera camera={saved} onRemoved={onClose} />}
        <span className={css.space} />
        <Button onClick={onClose}>{saved ? 'Close' : 'Cancel'}</Button>
        <Button kind="main" type="submit" disabled={busy}>
          {saved ? 'Save' : 'Add and connect'}
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
    retention: ruleInputs(values.retention),
    enabled: values.enabled,
  };
}

const toggled = (types: readonly EventType[], type: EventType, on: boolean): EventType[] =>
  on ? [...types, type] : types.filter((other) => other !== type);
