import { type Caller, seesOnlyOwn } from '../domain/caller.ts';
import type { Prisma } from '../generated/prisma/client.ts';

/**
 * What the caller may see, as conditions that every read carries: lists, counts, look-ups by id and nested fields
 * alike. What is not visible is answered as if it did not exist.
 *
 * Look-ups say findFirst, not findUnique: Prisma gathers the findUniques of one tick and, if there is a condition
 * besides the key, runs them one after the other in one transaction. Five hundred at once took four times as long, on
 * one connection.
 */

interface Called {
  readonly caller: Caller;
}

export const visibleCameras = ({ caller }: Called): Prisma.CameraWhereInput =>
  caller.cameraIds ? { id: { in: [...caller.cameraIds] } } : {};

export const visibleEvents = ({ caller }: Called): Prisma.EventWhereInput => ({
  ...(caller.cameraIds && { cameraId: { in: [...caller.cameraIds] } }),
  ...(seesOnlyOwn(caller) && { createdByKey: caller.name }),
});

export const visiblePlaybacks = ({ caller }: Called): Prisma.PlaybackWhereInput => ({
  ...(caller.cameraIds && { cameraId: { in: [...caller.cameraIds] } }),
  ...(seesOnlyOwn(caller) && { event: { createdByKey: caller.name } }),
});
