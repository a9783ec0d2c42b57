import { settingDefaults } from '../usecases/camera-settings.ts';
import { builder } from './builder.ts';
import { Camera } from './camera.ts';
import { ruleTexts } from './camera-retention.ts';
import { CameraReader, CameraTls, CameraTransport, EventType } from './enums.ts';

/** Inputs and payloads of the mutations on cameras. */

const texts = {
  name: 'The name that people know the camera by: 1 to 200 characters.',
  rtspUrl:
    'The stream’s address, rtsp:// or rtsps://, with the user name and password that the camera asks for (percent-encoded).',
  channel: 'The camera’s channel at its recorder or encoder: 0 to 65535.',
  enabled: 'Whether Flashback uses the camera at all.',
  recordOn: 'The types of events that are recorded.',
  preRollSec:
    'Seconds of footage kept from before an event: 0 to 60. With 0, Flashback connects only when an event comes.',
  postRollSec: 'Seconds recorded after the end of an event: 0 to 300.',
  maxDurationSec: 'A recording ends after at most this many seconds: 1 to 86400.',
  transport: 'The transport that is requested from the camera.',
  reader: 'The program that reads the camera’s stream.',
  tls: 'Which certificate of an rtsps:// address is accepted.',
  allowOldTls: 'Whether TLS 1.0 and 1.1 are accepted. Old firmware needs them.',
  site: 'The site whose servers read the camera (SITE): up to 100 characters; "": any server does.',
  retention:
    'When its playbacks are deleted, beside RETENTION_DAYS: at most one rule for each event type, and one for all.',
};

const RetentionRuleInput = builder.inputType('RetentionRuleInput', {
  description: 'When playbacks of a camera are deleted: by age, by bytes, or both.',
  fields: (t) => ({
    eventType: t.field({ type: EventType, description: ruleTexts.eventType }),
    days: t.int({ description: `${ruleTexts.days} 1 to 36500.` }),
    maxBytes: t.field({ type: 'BigInt', description: `${ruleTexts.maxBytes} From 1.` }),
  }),
});

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
    retention: t.field({ type: [RetentionRuleInput], defaultValue: [], description: texts.retention }),
    site: t.string({ defaultValue: settingDefaults.site, description: texts.site }),
  }),
});

export const UpdateCameraInput = builder.inputType('UpdateCameraInput', {
  description: 'Changes to a camera. Fields that are left out or null stay unchanged.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The camera’s id.' }),
    name: t.string({ description: texts.name }),
    rtspUrl: t.string({
      description: `${texts.rtspUrl} If it is the address as the API shows it, without credentials, the credentials stay unchanged.`,
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
    retention: t.field({
      type: [RetentionRuleInput],
      description: `${texts.retention} Replaces all rules that the camera has.`,
    }),
    site: t.string({ description: texts.site }),
    acceptCertificate: t.boolean({
      description: 'true: from now on, PINNED accepts the next certificate that the camera shows.',
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
export const CreateCameraPayload = cameraPayload('CreateCameraPayload', 'The new camera.');
export const UpdateCameraPayload = cameraPayload('UpdateCameraPayload', 'The changed camera.');

export const DeleteCameraPayload = builder.objectRef<{ id: string }>('DeleteCameraPayload').implement({
  description: 'The deleted camera.',
  fields: (t) => ({ id: t.exposeID('id', { description: 'The id of the deleted camera.' }) }),
});
