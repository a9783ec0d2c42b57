import { settingDefaults } from '../usecases/camera-settings.ts';
import { builder } from './builder.ts';
import { Camera } from './camera.ts';
import { CameraReader, CameraTls, CameraTransport, EventType } from './enums.ts';

/** What mutations on cameras take and answer. */

const texts = {
  name: 'The name people know it by: 1 to 200 characters.',
  rtspUrl:
    'The stream’s address, rtsp:// or rtsps://, with user name and password where the camera wants them (percent-encoded).',
  channel: 'Its channel at the recorder or encoder it hangs on: 0 to 65535.',
  enabled: 'Whether it is used at all.',
  recordOn: 'The types of events that are recorded.',
  preRollSec:
    'Seconds of footage kept from before an event: 0 to 60. 0: no standing connection, connect when an event comes.',
  postRollSec: 'Seconds recorded after the end of an event: 0 to 300.',
  maxDurationSec: 'A recording ends after this many seconds at the latest: 1 to 86400.',
  transport: 'Over what its stream is asked for.',
  reader: 'What reads its stream.',
  tls: 'Which certificate of an rtsps:// address is accepted.',
  allowOldTls: 'Whether TLS 1.0 and 1.1 are accepted, which old firmware needs.',
};

export const CreateCameraInput = builder.inputType('CreateCameraInput', {
  description: 'A new camera.',
  fields: (t) => ({
    name: t.string({ required: true, description: texts.name }),
    rtspUrl: t.string({ required: true, description: texts.rtspUrl }),
    channel: t.int({ defaultValue: settingDefaults.channel, description: texts.channel }),
    enabled: t.boolean({ defaultValue: settingDefaults.enabled, description: texts.enabled }),
    recordOn: t.field({
      type: [EventType],
      defaultValue: [...settingDefaults.recordOn],
      description: texts.recordOn,
    }),
    preRollSec: t.int({ defaultValue: settingDefaults.preRollSec, description: texts.preRollSec }),
    postRollSec: t.int({ defaultValue: settingDefaults.postRollSec, description: texts.postRollSec }),
    maxDurationSec: t.int({
      defaultValue: settingDefaults.maxDurationSec,
      description: texts.maxDurationSec,
    }),
    transport: t.field({
      type: CameraTransport,
      defaultValue: settingDefaults.transport,
      description: texts.transport,
    }),
    reader: t.field({ type: CameraReader, defaultValue: settingDefaults.reader, description: texts.reader }),
    tls: t.field({ type: CameraTls, defaultValue: settingDefaults.tls, description: texts.tls }),
    allowOldTls: t.boolean({ defaultValue: settingDefaults.allowOldTls, description: texts.allowOldTls }),
  }),
});

export const UpdateCameraInput = builder.inputType('UpdateCameraInput', {
  description: 'What is to change of a camera. What is left out (or null) stays.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The camera’s id.' }),
    name: t.string({ description: texts.name }),
    rtspUrl: t.string({
      description: `${texts.rtspUrl} The address as the API shows it, without credentials, leaves those in place.`,
    }),
    channel: t.int({ description: texts.channel }),
    enabled: t.boolean({ description: texts.enabled }),
    recordOn: t.field({ type: [EventType], description: texts.recordOn }),
    preRollSec: t.int({ description: texts.preRollSec }),
    postRollSec: t.int({ description: texts.postRollSec }),
    maxDurationSec: t.int({ description: texts.maxDurationSec }),
    transport: t.field({ type: CameraTransport, description: texts.transport }),
    reader: t.field({ type: CameraReader, description: texts.reader }),
    tls: t.field({ type: CameraTls, description: texts.tls }),
    allowOldTls: t.boolean({ description: texts.allowOldTls }),
    acceptCertificate: t.boolean({
      description:
        'true: the next certificate that the camera shows is the one that PINNED accepts from then on.',
    }),
  }),
});

export const cameraPayload = (name: string, description: string) =>
  builder.objectRef<{ id: string }>(name).implement({
    description,
    fields: (t) => ({
      camera: t.prismaField({
        type: Camera,
        description: 'The camera.',
        resolve: (query, { id }, _args, { db }) => db.camera.findUniqueOrThrow({ ...query, where: { id } }),
      }),
    }),
  });
export const CreateCameraPayload = cameraPayload('CreateCameraPayload', 'The camera as it was made.');
export const UpdateCameraPayload = cameraPayload('UpdateCameraPayload', 'The camera as it is now.');

export const DeleteCameraPayload = builder.objectRef<{ id: string }>('DeleteCameraPayload').implement({
  description: 'What was deleted.',
  fields: (t) => ({ id: t.exposeID('id', { description: 'The id of the camera that is gone.' }) }),
});
