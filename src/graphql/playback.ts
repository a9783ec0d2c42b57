import { visiblePlaybacks } from '../db/visible.ts';
import type { Caller } from '../domain/caller.ts';
import { failureKind } from '../domain/failures.ts';
import type { Playback as PlaybackRow } from '../generated/prisma/client.ts';
import { isId } from '../usecases/input.ts';
import { builder } from './builder.ts';
import { clipFileName } from './clip-file-name.ts';
import { EndReason, Fault, RecordingStatus } from './enums.ts';
import { writePosition } from './position.ts';

const Gap = builder.objectRef<{ from: string; to: string }>('Gap').implement({
  description: 'A stretch inside a clip in which the camera delivered nothing.',
  fields: (t) => ({
    from: t.field({
      type: 'DateTime',
      description: 'When the last picture before the gap ended.',
      resolve: (gap) => new Date(gap.from),
    }),
    to: t.field({
      type: 'DateTime',
      description: 'When the first picture after the gap was taken.',
      resolve: (gap) => new Date(gap.to),
    }),
  }),
});

const PlaybackFailure = builder
  .objectRef<{ id: string; nodeId: string | null; code: string; message: string }>('PlaybackFailure')
  .implement({
    description: 'Why there is no clip.',
    fields: (t) => ({
      code: t.exposeString('code', { description: 'The failure’s code, for programs.' }),
      message: t.exposeString('message', { description: 'What went wrong, for the person who has to act.' }),
      fault: t.field({
        type: Fault,
        description: 'Who has to act.',
        resolve: ({ code }) => failureKind(code).fault,
      }),
      retryable: t.boolean({
        description: 'Whether retryPlayback can help, because the footage is still there.',
        resolve: ({ id, nodeId }, _args, { tasksOf }) =>
          tasksOf(nodeId)
            .holdsFootage(id)
            .catch(() => false), // the server that has the footage does not answer, so nothing can be retried now
      }),
    }),
  });

const PlaybackProtection = builder
  .objectRef<{ reason: string; by: string; at: Date }>('PlaybackProtection')
  .implement({
    description: 'Why a playback is kept whatever its age, and since when.',
    fields: (t) => ({
      reason: t.exposeString('reason', { description: 'Why it is kept.' }),
      by: t.exposeString('by', { description: 'The name of the caller who protected it.' }),
      at: t.expose('at', { type: 'DateTime', description: 'When it was protected.' }),
    }),
  });

/** A link to an object in the store; null until the object is there. */
const whenStored = (
  { recordingStatus }: PlaybackRow,
  key: string | null,
  link: (key: string, caller: Caller) => Promise<string>,
  caller: Caller,
): Promise<string> | null => (recordingStatus === 'COMPLETED' && key ? link(key, caller) : null);

export const Playback = builder.prismaObject('Playback', {
  description: 'The recording of an event: a row with a status, and later a clip.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The playback’s id.' }),
    event: t.relation('event', {
      nullable: true,
      description: 'The event; null for a recording started by hand, and after the event was deleted.',
    }),
    camera: t.relation('camera', { description: 'The camera that was recorded.' }),
    recordingStatus: t.expose('recordingStatus', {
      type: RecordingStatus,
      description: 'The playback’s status.',
    }),
    startedAt: t.expose('startedAt', {
      type: 'DateTime',
      description: 'When the event happened, or when the recording by hand was requested.',
    }),
    endedAt: t.expose('endedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the event ended; null while recording.',
    }),
    endReason: t.expose('endReason', {
      type: EndReason,
      nullable: true,
      description: 'Why the recording stopped.',
    }),
    clipStartedAt: t.expose('clipStartedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'The wall-clock time of the clip’s first frame. With pre-roll it is before startedAt.',
    }),
    preRollMs: t.exposeInt('preRollMs', {
      nullable: true,
      description: 'How much of the clip lies before startedAt, in milliseconds.',
    }),
    missedMs: t.exposeInt('missedMs', {
      nullable: true,
      description:
        'How much later than the event the clip begins, because the camera was not live yet, in milliseconds.',
    }),
    gaps: t.field({
      type: [Gap],
      description: 'Stretches inside the clip in which the camera delivered nothing.',
      resolve: (playback) => playback.gaps as { from: string; to: string }[],
    }),
    durationSec: t.exposeInt('durationSec', {
      nullable: true,
      description: 'The clip’s length in whole seconds.',
    }),
    durationMs: t.exposeInt('durationMs', {
      nullable: true,
      description: 'The clip’s length in milliseconds.',
    }),
    fileSizeBytes: t.expose('fileSizeBytes', {
      type: 'BigInt',
      nullable: true,
      description: 'The clip’s size in the store.',
    }),
    codec: t.exposeString('codec', { nullable: true, description: 'The video’s codec (RFC 6381).' }),
    audioCodec: t.exposeString('audioCodec', {
      nullable: true,
      description: 'The sound’s codec (RFC 6381); null without sound.',
    }),
    resolution: t.exposeString('resolution', {
      nullable: true,
      description: 'The picture’s size, like 1920x1080.',
    }),
    videoUrl: t.field({
      type: 'URL',
      nullable: true,
      description:
        'A link to the finished MP4. Null until COMPLETED, and never set for an object that is not in the store.',
      resolve: (playback, _args, { links, caller }) =>
        whenStored(playback, playback.storagePath, links.object, caller),
    }),
    downloadUrl: t.field({
      type: 'URL',
      nullable: true,
      description:
        'A link with which browsers save the clip, under a name like 2026-11-28_14-02-11_front-door_person.mp4.',
      args: {
        timeZone: t.arg.string({
          defaultValue: 'UTC',
          description: 'The time zone of the time in the name, like Europe/Berlin.',
        }),
      },
      select: { camera: { select: { name: true } }, event: { select: { type: true } } },
      resolve: (playback, { timeZone }, { links, caller }) =>
        whenStored(
          playback,
          playback.storagePath,
          (key) => links.download(key, clipFileName(playback, timeZone ?? 'UTC'), caller),
          caller,
        ),
    }),
    thumbnailUrl: t.field({
      type: 'URL',
      nullable: true,
      description: 'A JPEG of the clip’s first picture.',
      resolve: (playback, _args, { links, caller }) =>
        whenStored(playback, playback.thumbnailPath, links.object, caller) ?? links.poster(playback, caller),
    }),
    storyboardUrl: t.field({
      type: 'URL',
      nullable: true,
      description:
        'A WebVTT file of small pictures from all over the clip: each cue names a part of a JPEG beside it, like `…jpg#xywh=240,0,240,134`. It is made shortly after the playback is COMPLETED; null until then, and if no picture can be made.',
      resolve: (playback, _args, { links, caller }) =>
        playback.recordingStatus === 'COMPLETED' && playback.storyboardBytes !== null
          ? links.storyboard(playback, caller)
          : null,
    }),
    liveUrl: t.field({
      type: 'URL',
      nullable: true,
      description: 'An HLS playlist, available while the status is RECORDING or PROCESSING; null otherwise.',
      resolve: (playback, _args, { links, caller }) => links.live(playback, caller),
    }),
    offsiteUntil: t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'While the recording runs: footage up to this time is in the bucket and would survive the loss of the server. Null while the bucket has none.',
      resolve: ({ id, offsiteUntil }, _args, services) => services.offsiteUntil(id) ?? offsiteUntil,
    }),
    errorMessage: t.exposeString('errorMessage', {
      nullable: true,
      description: 'Why the playback failed, as a sentence.',
    }),
    failure: t.field({
      type: PlaybackFailure,
      nullable: true,
      description: 'Why there is no clip; null unless FAILED.',
      resolve: ({ id, nodeId, recordingStatus, failureCode, errorMessage }) =>
        recordingStatus === 'FAILED' && failureCode
          ? { id, nodeId, code: failureCode, message: errorMessage ?? '' }
          : null,
    }),
    protection: t.field({
      type: PlaybackProtection,
      nullable: true,
      description:
        'Set while the playback is protected: neither retention nor deletePlayback nor deleteCamera deletes it.',
      resolve: ({ protectedAt, protectedBy, protectionReason }) =>
        protectedAt && { reason: protectionReason ?? '', by: protectedBy ?? '', at: protectedAt },
    }),
    reviewed: t.boolean({
      description:
        'Whether the caller has marked it as reviewed (reviewPlaybacks). Each name has its own marks.',
      select: (_args, { caller }) => ({
        reviews: { where: { person: caller.name }, select: { person: true } },
      }),
      resolve: ({ reviews }) => reviews.length > 0,
    }),
    transitions: t.relation('transitions', {
      description: 'All transitions so far, oldest first.',
      query: { orderBy: [{ xid: 'asc' }, { id: 'asc' }] },
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the playback was created.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When its row last changed.' }),
  }),
});

export const PlaybackTransition = builder.prismaObject('PlaybackTransition', {
  description: 'One change of a playback’s status.',
  fields: (t) => ({
    cursor: t.string({
      description:
        'An opaque position in the stream of transitions. To resume, pass the last one that was received as `after`.',
      resolve: writePosition,
    }),
    playback: t.relation('playback', { description: 'The playback as it is now.' }),
    from: t.expose('from', {
      type: RecordingStatus,
      nullable: true,
      description: 'The previous status; null for the first transition.',
    }),
    to: t.expose('to', { type: RecordingStatus, description: 'The new status.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When it changed.' }),
  }),
});

builder.queryFields((t) => ({
  storeProblem: t.string({
    nullable: true,
    description:
      'Why the store takes no clips now, as a sentence; null while it does. Until then clips wait in PROCESSING.',
    resolve: (_root, _args, { storeProblem }) => storeProblem() ?? null,
  }),
  playback: t.prismaField({
    type: Playback,
    nullable: true,
    description: 'One playback; null if there is none with this id.',
    args: { id: t.arg.id({ required: true, description: 'The playback’s id.' }) },
    resolve: (query, _root, { id }, context) =>
      isId(id)
        ? context.db.playback.findFirst({ ...query, where: { id, AND: [visiblePlaybacks(context)] } })
        : null,
  }),
}));
