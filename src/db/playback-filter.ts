import { type Caller, seesOnlyOwn } from '../domain/caller.ts';
import { Prisma } from '../generated/prisma/client.ts';
import { type ListFilter, listConditions } from './list-conditions.ts';

/** A filter of playbacks: all given conditions hold. graphql/playback-lists.ts describes them. */
export interface PlaybackFilter extends ListFilter {
  readonly eventId?: string | null | undefined;
  readonly recordingStatus?: readonly string[] | null | undefined;
  readonly eventType?: readonly string[] | null | undefined;
  /** Not among `playbackConditions`: search.ts handles it. */
  readonly search?: string | null | undefined;
  readonly protected?: boolean | null | undefined;
  readonly reviewed?: boolean | null | undefined;
}

/** SQL conditions for a playback `p` and its event `e`. */
export interface PlaybackConditions {
  /** For the playback: those for which an index exists that has the order of lists. */
  readonly indexed: readonly Prisma.Sql[];
  /** For the playback: all others. */
  readonly playback: readonly Prisma.Sql[];
  readonly event: readonly Prisma.Sql[];
  /** The cameras that a playback, and so its event, may have; undefined: any. */
  readonly cameraIds: readonly string[] | undefined;
}

/**
 * The conditions of a filter, and of what the caller may see, for statements that Prisma cannot make.
 * @param ofCamera only playbacks of this camera
 */
export function playbackConditions(
  filter: PlaybackFilter,
  caller: Caller,
  ofCamera?: string,
): PlaybackConditions {
  const { eventId, cameraId, recordingStatus, eventType } = filter;
  const indexed = listConditions(Prisma.sql`p`, filter, caller);
  const playback: Prisma.Sql[] = [];
  const event: Prisma.Sql[] = [];
  if (eventId) indexed.push(Prisma.sql`p.event_id = ${eventId}::uuid`);
  if (ofCamera) indexed.push(Prisma.sql`p.camera_id = ${ofCamera}::uuid`);
  if (recordingStatus)
    indexed.push(Prisma.sql`p.recording_status::text = ANY(${[...recordingStatus]}::text[])`);
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
