import { type Caller, seesOnlyOwn } from '../domain/caller.ts';
import { Prisma } from '../generated/prisma/client.ts';

/** Which playbacks (graphql/playback-lists.ts): those that meet all conditions that are given, but for `search`. */
export interface PlaybackFilter {
  readonly eventId?: string | null | undefined;
  readonly cameraId?: string | null | undefined;
  readonly recordingStatus?: readonly string[] | null | undefined;
  readonly eventType?: readonly string[] | null | undefined;
  readonly startedAfter?: Date | null | undefined;
  readonly startedBefore?: Date | null | undefined;
  readonly search?: string | null | undefined;
  readonly protected?: boolean | null | undefined;
  readonly reviewed?: boolean | null | undefined;
}

/** Conditions in SQL: of a playback `p`, and of its event `e`. */
export interface PlaybackConditions {
  /** Of a playback, with an index in the order of lists. */
  readonly indexed: readonly Prisma.Sql[];
  /** Of a playback, without one. */
  readonly playback: readonly Prisma.Sql[];
  readonly event: readonly Prisma.Sql[];
  /** The cameras that a playback, and so its event, may have; undefined: any. */
  readonly cameraIds: readonly string[] | undefined;
}

/** All conditions hold; also if there are none. */
export const allOf = (conditions: readonly Prisma.Sql[]): Prisma.Sql =>
  conditions.length > 0 ? Prisma.join([...conditions], ' AND ') : Prisma.sql`true`;

/**
 * A filter, and what the caller may see, for statements that Prisma cannot make.
 * @param ofCamera only playbacks of this camera
 */
export function playbackConditions(
  filter: PlaybackFilter,
  caller: Caller,
  ofCamera?: string,
): PlaybackConditions {
  const { eventId, cameraId, recordingStatus, eventType, startedAfter, startedBefore } = filter;
  const indexed: Prisma.Sql[] = [];
  const playback: Prisma.Sql[] = [];
  const event: Prisma.Sql[] = [];
  if (caller.cameraIds) indexed.push(Prisma.sql`p.camera_id = ANY(${[...caller.cameraIds]}::uuid[])`);
  if (eventId) indexed.push(Prisma.sql`p.event_id = ${eventId}::uuid`);
  if (ofCamera) indexed.push(Prisma.sql`p.camera_id = ${ofCamera}::uuid`);
  if (cameraId) indexed.push(Prisma.sql`p.camera_id = ${cameraId}::uuid`);
  if (recordingStatus)
    indexed.push(Prisma.sql`p.recording_status::text = ANY(${[...recordingStatus]}::text[])`);
  if (startedAfter) indexed.push(Prisma.sql`p.started_at > ${startedAfter}`);
  if (startedBefore) indexed.push(Prisma.sql`p.started_at < ${startedBefore}`);
  if (typeof filter.protected === 'boolean')
    playback.push(Prisma.sql`(p.protected_at IS NOT NULL) = ${filter.protected}`);
  if (typeof filter.reviewed === 'boolean')
    playback.push(Prisma.sql`EXISTS (
      SELECT 1 FROM reviews r WHERE r.playback_id = p.id AND r.person = ${caller.name}) = ${filter.reviewed}`);
  if (seesOnlyOwn(caller)) event.push(Prisma.sql`e.created_by_key = ${caller.name}`);
  if (eventType) event.push(Prisma.sql`e.type::text = ANY(${[...eventType]}::text[])`);
  const cameraIds = ofCamera ? [ofCamera] : cameraId ? [cameraId] : caller.cameraIds && [...caller.cameraIds];
  return { indexed, playback, event, cameraIds };
}
