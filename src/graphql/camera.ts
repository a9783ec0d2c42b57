import { z } from 'zod';
import { type CameraSettings, createCamera, deleteCamera, updateCamera } from '../db/cameras.ts';
import { demand } from '../domain/caller.ts';
import { maskStreamUrl } from '../domain/stream-url.ts';
import { builder } from './builder.ts';
import { CameraState, EventType } from './enums.ts';
import { found, isId, longestSec, streamUrl, textOf, validate, wholeNumber } from './input.ts';
import { visibleCameras } from './visible.ts';

export const Camera = builder.prismaObject('Camera', {
  description: 'A stream address and how to record it.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The camera’s id.' }),
    name: t.exposeString('name', { description: 'The name people know it by.' }),
    channel: t.exposeInt('channel', { description: 'Its channel at the recorder or encoder it hangs on.' }),
    rtspUrl: t.string({
      description:
        'The stream’s address without user name and password; a password among its parameters is shown as ***.',
      resolve: (camera) => maskStreamUrl(camera.rtspUrl),
    }),
    enabled: t.exposeBoolean('enabled', { description: 'Whether it is used at all.' }),
    recordOn: t.expose('recordOn', {
      type: [EventType],
      description: 'The types of events that are recorded.',
    }),
    preRollSec: t.exposeInt('preRollSec', {
      description: 'Seconds of footage kept from before an event. 0: no standing connection.',
    }),
    postRollSec: t.exposeInt('postRollSec', { description: 'Seconds recorded after the end of an event.' }),
    maxDurationSec: t.exposeInt('maxDurationSec', {
      description: 'A recording ends after this many seconds at the latest.',
    }),
    state: t.expose('state', { type: CameraState, description: 'What its feed is doing now.' }),
    stateSince: t.expose('stateSince', { type: 'DateTime', description: 'Since when it is in this state.' }),
    lastError: t.exposeString('lastError', { nullable: true, description: 'Why it is not live, in words.' }),
    codec: t.exposeString('codec', {
      nullable: true,
      description: 'The video’s codec (RFC 6381), known once it was live.',
    }),
    audioCodec: t.exposeString('audioCodec', {
      nullable: true,
      description: 'The sound’s codec in clips (RFC 6381).',
    }),
    resolution: t.exposeString('resolution', {
      nullable: true,
      description: 'Like 1920x1080, known once it was live.',
    }),
    snapshotUrl: t.field({
      type: 'URL',
      nullable: true,
      description: 'A JPEG of the newest keyframe in the buffer; null while there is none.',
      resolve: (camera, _args, { links, caller }) => links.snapshot(camera, caller),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was added.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When its row last changed.' }),
  }),
});

builder.queryFields((t) => ({
  cameras: t.prismaField({
    type: [Camera],
    description: 'All cameras, by name.',
    resolve: (query, _root, _args, context) =>
      context.db.camera.findMany({
        ...query,
        where: visibleCameras(context),
        orderBy: [{ name: 'asc' }, { id: 'asc' }],
      }),
  }),
  camera: t.prismaField({
    type: Camera,
    nullable: true,
    description: 'One camera; null where there is none with this id.',
    args: { id: t.arg.id({ required: true, description: 'The camera’s id.' }) },
    resolve: (query, _root, { id }, context) =>
      isId(id)
        ? context.db.camera.findFirst({ ...query, where: { id, AND: [visibleCameras(context)] } })
        : null,
  }),
}));

const settings = {
  name: textOf(200),
  rtspUrl: streamUrl(),
  channel: wholeNumber(0, 65_535),
  enabled: z.boolean(),
  recordOn: z.array(z.custom<CameraSettings['recordOn'][number]>()).transform((types) => [...new Set(types)]),
  preRollSec: wholeNumber(0, 60),
  postRollSec: wholeNumber(0, 300),
  maxDurationSec: wholeNumber(1, longestSec),
};
const forCreate = z.object(settings);
/** @param shown the address as people see it */
const forUpdate = (shown: string) => z.object({ ...settings, rtspUrl: streamUrl(shown) }).partial();

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
      const { rtspUrl, ...changes } = defined(validate(forUpdate(shown), input));
      const keepsAddress = rtspUrl === undefined || rtspUrl === shown;
      const camera = await found('camera', id, (id) =>
        updateCamera(db, id, keepsAddress ? changes : { ...changes, rtspUrl }),
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
  };
  return { ...defaults, ...Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null)) };
}

/** Without the keys whose value is undefined: they would be taken for changes. */
function defined<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}
