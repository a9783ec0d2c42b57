import { seesOnlyOwn } from '../domain/caller.ts';
import type { Prisma } from '../generated/prisma/client.ts';
import type { Context } from './context.ts';

/**
 * What the caller may see, as conditions that every read carries: lists, counts, look-ups by id and nested fields
 * alike. What is not visible is answered as if it were not there.
 *
 * Look-ups say findFirst: Prisma gathers the findUniques of one tick and, where a condition stands beside the key, runs
 * them one after the other in one transaction. Five hundred at once took four times as long, on one connection.
 */

type Caller = Pick<Context, 'caller'>;

export const visibleCameras = ({ caller }: Caller): Prisma.CameraWhereInput =>
  caller.cameraIds ? { id: { in: [...caller.cameraIds] } } : {};

export const visibleEvents = ({ caller }: Caller): Prisma.EventWhereInput => ({
  ...(caller.cameraIds && { cameraId: { in: [...caller.cameraIds] } }),
  ...(seesOnlyOwn(caller) && { createdByKey: caller.name }),
});

export const visiblePlaybacks = ({ caller }: Caller): Prisma.PlaybackWhereInput => ({
  ...(caller.cameraIds && { cameraId: { in: [...caller.cameraIds] } }),
  ...(seesOnlyOwn(caller) && { event: { createdByKey: caller.name } }),
});
