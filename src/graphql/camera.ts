import type { ReadingFacts } from '../db/cameras.ts';
import { visibleCameras } from '../db/visible.ts';
import { maskStreamUrl } from '../domain/stream-url.ts';
import { isId } from '../usecases/input.ts';
import { builder } from './builder.ts';
import { CameraReading } from './camera-reading.ts';
import { CameraReader, CameraState, CameraTls, CameraTransport, EventType } from './enums.ts';

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
    transport: t.expose('transport', {
      type: CameraTransport,
      description: 'Over what its stream is asked for.',
    }),
    reader: t.expose('reader', { type: CameraReader, description: 'What reads its stream.' }),
    tls: t.expose('tls', {
      type: CameraTls,
      description: 'Which certificate of an rtsps:// address is accepted.',
    }),
    allowOldTls: t.exposeBoolean('allowOldTls', {
      description: 'Whether TLS 1.0 and 1.1 are accepted, which old firmware needs.',
    }),
    tlsFingerprint: t.exposeString('tlsFingerprint', {
      nullable: true,
      description:
        'SHA-256 of the certificate that is accepted with PINNED; null until the camera has shown one.',
    }),
    reading: t.field({
      type: CameraReading,
      nullable: true,
      description: 'How its stream is read; null until it was live.',
      resolve: ({ id, reading }, _args, { feeds }) =>
        reading ? { ...(reading as unknown as ReadingFacts), ...feeds.get(id)?.ring.rates } : null,
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
