import type { ReadingFacts } from '../db/cameras.ts';
import { visibleCameras } from '../db/visible.ts';
import { knownCameraErrorCode } from '../domain/camera-errors.ts';
import type { RetentionRule as RuleOfCamera } from '../domain/retention.ts';
import { maskStreamUrl } from '../domain/stream-url.ts';
import { isId } from '../usecases/input.ts';
import { builder } from './builder.ts';
import { CameraReading } from './camera-reading.ts';
import { RetentionRule } from './camera-retention.ts';
import {
  CameraErrorCode,
  CameraReader,
  CameraState,
  CameraTls,
  CameraTransport,
  EventType,
} from './enums.ts';

export const Camera = builder.prismaObject('Camera', {
  description: 'A stream address and how to record it.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The camera’s id.' }),
    name: t.exposeString('name', { description: 'The name that people know the camera by.' }),
    channel: t.exposeInt('channel', { description: 'The camera’s channel at its recorder or encoder.' }),
    rtspUrl: t.string({
      description:
        'The stream’s address without user name and password. A password among its parameters is shown as ***.',
      resolve: (camera) => maskStreamUrl(camera.rtspUrl),
    }),
    enabled: t.exposeBoolean('enabled', { description: 'Whether Flashback uses the camera at all.' }),
    recordOn: t.expose('recordOn', {
      type: [EventType],
      description: 'The types of events that are recorded.',
    }),
    preRollSec: t.exposeInt('preRollSec', {
      description:
        'Seconds of footage kept from before an event. With 0, Flashback connects only when an event comes.',
    }),
    postRollSec: t.exposeInt('postRollSec', { description: 'Seconds recorded after the end of an event.' }),
    maxDurationSec: t.exposeInt('maxDurationSec', {
      description: 'A recording ends after at most this many seconds.',
    }),
    state: t.expose('state', { type: CameraState, description: 'What its feed is doing now.' }),
    stateSince: t.expose('stateSince', {
      type: 'DateTime',
      description: 'When the camera entered this state.',
    }),
    lastError: t.exposeString('lastError', {
      nullable: true,
      description: 'Why the camera is not live, or why it cannot be recorded, as a sentence.',
    }),
    lastErrorCode: t.field({
      type: CameraErrorCode,
      nullable: true,
      description: 'The kind of `lastError`; null if there is none.',
      resolve: ({ lastError, lastErrorCode }) =>
        lastError === null ? null : knownCameraErrorCode(lastErrorCode ?? 'OTHER'),
    }),
    codec: t.exposeString('codec', {
      nullable: true,
      description: 'The video’s codec (RFC 6381); null until the camera has been live once.',
    }),
    audioCodec: t.exposeString('audioCodec', {
      nullable: true,
      description: 'The sound’s codec in clips (RFC 6381).',
    }),
    resolution: t.exposeString('resolution', {
      nullable: true,
      description: 'The picture’s size, like 1920x1080; null until the camera has been live once.',
    }),
    snapshotUrl: t.field({
      type: 'URL',
      nullable: true,
      description: 'A JPEG of the newest keyframe in the ring; null while the ring has none.',
      resolve: (camera, _args, { links, caller }) => links.snapshot(camera, caller),
    }),
    transport: t.expose('transport', {
      type: CameraTransport,
      description: 'The transport that is requested from the camera.',
    }),
    reader: t.expose('reader', {
      type: CameraReader,
      description: 'The program that reads the camera’s stream.',
    }),
    tls: t.expose('tls', {
      type: CameraTls,
      description: 'Which certificate is accepted from a camera with an rtsps:// address.',
    }),
    allowOldTls: t.exposeBoolean('allowOldTls', {
      description: 'Whether TLS 1.0 and 1.1 are accepted. Old firmware needs them.',
    }),
    tlsFingerprint: t.exposeString('tlsFingerprint', {
      nullable: true,
      description: 'The SHA-256 of the certificate that PINNED accepts; null until the camera has shown one.',
    }),
    reading: t.field({
      type: CameraReading,
      nullable: true,
      description: 'How the stream is read; null until the camera has been live once.',
      resolve: ({ id, reading }, _args, { feeds }) =>
        reading ? { ...(reading as unknown as ReadingFacts), ...feeds.get(id)?.ring.rates } : null,
    }),
    retention: t.field({
      type: [RetentionRule],
      description: 'When its playbacks are deleted, beside RETENTION_DAYS.',
      resolve: ({ retention }) => retention as unknown as readonly RuleOfCamera[],
    }),
    node: t.id({
      nullable: true,
      description:
        'The id of the server that reads it. For ADMIN; null for others, and while no server does.',
      resolve: ({ nodeId }, _args, { caller }) => (caller.role === 'ADMIN' ? nodeId : null),
    }),
    site: t.exposeString('site', {
      nullable: true,
      description: 'The site whose servers read it (SITE); null: any server does.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the camera was added.' }),
    updatedAt: t.expose('updatedAt', {
      type: 'DateTime',
      description: 'When the camera’s row last changed.',
    }),
  }),
});

builder.queryFields((t) => ({
  cameras: t.prismaField({
    type: [Camera],
    description: 'All cameras, sorted by name.',
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
    description: 'One camera; null if there is none with this id.',
    args: { id: t.arg.id({ required: true, description: 'The camera’s id.' }) },
    resolve: (query, _root, { id }, context) =>
      isId(id)
        ? context.db.camera.findFirst({ ...query, where: { id, AND: [visibleCameras(context)] } })
        : null,
  }),
}));
