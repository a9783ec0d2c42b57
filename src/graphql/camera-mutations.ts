import { z } from 'zod';
import { type CameraSettings, createCamera, deleteCamera, updateCamera } from '../db/cameras.ts';
import { demand } from '../domain/caller.ts';
import { maskStreamUrl } from '../domain/stream-url.ts';
import type { Camera as CameraRow } from '../generated/prisma/client.ts';
import { builder } from './builder.ts';
import { Camera } from './camera.ts';
import { CameraReader, CameraTls, CameraTransport, EventType } from './enums.ts';
import { found, longestSec, streamUrl, textOf, validate, wholeNumber } from './input.ts';

const settings = {
  name: textOf(200),
  rtspUrl: streamUrl(),
  channel: wholeNumber(0, 65_535),
  enabled: z.boolean(),
  recordOn: z.array(z.custom<CameraSettings['recordOn'][number]>()).transform((types) => [...new Set(types)]),
  preRollSec: wholeNumber(0, 60),
  postRollSec: wholeNumber(0, 300),
  maxDurationSec: wholeNumber(1, longestSec),
  transport: z.custom<CameraRow['transport']>(),
  reader: z.custom<CameraRow['reader']>(),
  tls: z.custom<CameraRow['tls']>(),
  allowOldTls: z.boolean(),
};
const forCreate = z.object(settings);
/** @param shown the address as people see it */
const forUpdate = (shown: string) =>
  z.object({ ...settings, rtspUrl: streamUrl(shown), acceptCertificate: z.boolean() }).partial();

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

const CreateCameraInput = builder.inputType('CreateCameraInput', {
  description: 'A new camera.',
  fields: (t) => ({
    name: t.string({ required: true, description: texts.name }),
    rtspUrl: t.string({ required: true, description: texts.rtspUrl }),
    channel: t.int({ defaultValue: 1, description: texts.channel }),
    enabled: t.boolean({ defaultValue: true, description: texts.enabled }),
    recordOn: t.field({ type: [EventType], defaultValue: ['MOTION'], description: texts.recordOn }),
    preRollSec: t.int({ defaultValue: 5, description: texts.preRollSec }),
    postRollSec: t.int({ defaultValue: 0, description: texts.postRollSec }),
    maxDurationSec: t.int({ defaultValue: 3600, description: texts.maxDurationSec }),
    transport: t.field({ type: CameraTransport, defaultValue: 'AUTO', description: texts.transport }),
    reader: t.field({ type: CameraReader, defaultValue: 'AUTO', description: texts.reader }),
    tls: t.field({ type: CameraTls, defaultValue: 'PINNED', description: texts.tls }),
    allowOldTls: t.boolean({ defaultValue: false, description: texts.allowOldTls }),
  }),
});

const UpdateCameraInput = builder.inputType('UpdateCameraInput', {
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

const cameraPayload = (name: string, description: string) =>
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
const CreateCameraPayload = cameraPayload('CreateCameraPayload', 'The camera as it was made.');
const UpdateCameraPayload = cameraPayload('UpdateCameraPayload', 'The camera as it is now.');

const DeleteCameraPayload = builder.objectRef<{ id: string }>('DeleteCameraPayload').implement({
  description: 'What was deleted.',
  fields: (t) => ({ id: t.exposeID('id', { description: 'The id of the camera that is gone.' }) }),
});

builder.mutationFields((t) => ({
  createCamera: t.field({
    type: CreateCameraPayload,
    description:
      'Adds a camera. Unless it has no pre-roll, Flashback connects at once and stays connected. For ADMIN.',
    args: { input: t.arg({ type: CreateCameraInput, required: true, description: 'The camera.' }) },
    resolve: async (_root, { input }, { caller, db, cameras }) => {
      demand(caller, 'MANAGE');
      const camera = await createCamera(db, validate(forCreate, withDefaults(input)));
      await cameras.changed(camera);
      return camera;
    },
  }),
  updateCamera: t.field({
    type: UpdateCameraPayload,
    description: 'Changes a camera. Recordings that run go on. For ADMIN.',
    args: { input: t.arg({ type: UpdateCameraInput, required: true, description: 'The changes.' }) },
    resolve: async (_root, { input: { id, ...input } }, { caller, db, cameras }) => {
      demand(caller, 'MANAGE');
      const present = await found('camera', id, (id) => db.camera.findUnique({ where: { id } }));
      const shown = maskStreamUrl(present.rtspUrl);
      const { rtspUrl, acceptCertificate, ...changes } = defined(validate(forUpdate(shown), input));
      const keepsAddress = rtspUrl === undefined || rtspUrl === shown;
      // Another address may be another camera's, with a certificate of its own.
      const forgetsCertificate = acceptCertificate || !keepsAddress;
      const camera = await found('camera', id, (id) =>
        updateCamera(db, id, {
          ...changes,
          ...(!keepsAddress && { rtspUrl }),
          ...(forgetsCertificate && { tlsFingerprint: null }),
        }),
      );
      await cameras.changed(camera);
      return camera;
    },
  }),
  deleteCamera: t.field({
    type: DeleteCameraPayload,
    description: 'Playbacks of the camera are deleted with it, their objects too. For ADMIN.',
    args: { id: t.arg.id({ required: true, description: 'The camera’s id.' }) },
    resolve: async (_root, { id }, { caller, db, cameras, playbacks }) => {
      demand(caller, 'MANAGE');
      const camera = await found('camera', id, (id) => db.camera.findUnique({ where: { id } }));
      await deleteCamera(db, camera.id, (ids) => Promise.all(ids.map((id) => playbacks.discard(id))));
      await cameras.removed(camera.id);
      playbacks.removed();
      return { id: camera.id };
    },
  }),
}));

/** A null stands for the default, as if the field had been left out. */
function withDefaults(input: typeof CreateCameraInput.$inferInput): object {
  const defaults = {
    channel: 1,
    enabled: true,
    recordOn: ['MOTION'],
    preRollSec: 5,
    postRollSec: 0,
    maxDurationSec: 3600,
    transport: 'AUTO',
    reader: 'AUTO',
    tls: 'PINNED',
    allowOldTls: false,
  };
  return { ...defaults, ...Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null)) };
}

/** Without the keys whose value is undefined: they would be taken for changes. */
function defined<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}
