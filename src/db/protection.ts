import { conflict } from '../domain/errors.ts';
import type { Db, Tx } from './client.ts';

/**
 * Protection of playbacks. Every deletion leaves protected ones alone (playback-removal.ts), and a trigger of the database
 * (playbacks_keep_protected) refuses what would delete one nevertheless.
 */

export interface Protection {
  readonly reason: string;
  /** The name of the caller. */
  readonly by: string;
  readonly at: Date;
}

/** Protects a playback; if it is protected already, replaces its protection. @returns false if there is no such playback */
export async function saveProtection(db: Db, id: string, { reason, by, at }: Protection): Promise<boolean> {
  const data = { protectedAt: at, protectedBy: by, protectionReason: reason };
  return (await db.playback.updateMany({ where: { id }, data })).count > 0;
}

export async function liftProtection(db: Db, id: string): Promise<void> {
  const data = { protectedAt: null, protectedBy: null, protectionReason: null };
  await db.playback.updateMany({ where: { id, protectedAt: { not: null } }, data });
}

/** @throws RequestError CONFLICT if the playback is protected */
export async function demandUnprotected(db: Db, id: string): Promise<void> {
  const kept = await db.playback.findFirst({ where: { id, protectedAt: { not: null } } });
  if (!kept) return;
  throw conflict(
    `The playback ${id} is protected by ${kept.protectedBy} (${kept.protectionReason}). Lift its protection first.`,
  );
}

/** @throws RequestError CONFLICT if a playback of the camera is protected */
export async function demandNoneProtected(tx: Tx, cameraId: string): Promise<void> {
  const kept = await tx.playback.count({ where: { cameraId, protectedAt: { not: null } } });
  if (kept === 0) return;
  throw conflict(
    `${kept === 1 ? 'A playback' : `${kept} playbacks`} of the camera ${kept === 1 ? 'is' : 'are'} protected. ` +
      'Lift the protection first, or switch the camera off instead of deleting it.',
  );
}
