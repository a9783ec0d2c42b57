import type { ApiKey } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';

export type NewKey = Pick<ApiKey, 'name' | 'role' | 'secretHash' | 'limited' | 'cameraIds' | 'expiresAt'>;

export function createKey(db: Db, key: NewKey): Promise<ApiKey> {
  return db.apiKey.create({ data: key });
}

/** Revokes a key; a revoked key keeps its time of revocation. @returns undefined if there is no such key */
export async function revokeKey(db: Db, id: string, at: Date): Promise<ApiKey | undefined> {
  await db.apiKey.updateMany({ where: { id, revokedAt: null }, data: { revokedAt: at } });
  return (await db.apiKey.findUnique({ where: { id } })) ?? undefined;
}

export function allKeys(db: Db): Promise<ApiKey[]> {
  return db.apiKey.findMany({ orderBy: { id: 'asc' } });
}

export async function noteKeyUse(db: Db, id: string, at: Date): Promise<void> {
  await db.apiKey.updateMany({ where: { id }, data: { lastUsedAt: at } });
}
