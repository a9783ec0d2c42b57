import { RequestError } from './errors.ts';

/** Who is calling, and what they may do. Pure. */

export const roles = ['VIEWER', 'ANALYTICS', 'OPERATOR', 'ADMIN'] as const;
export type Role = (typeof roles)[number];

const rolesByName = new Map(roles.flatMap((role) => [role, role.toLowerCase()].map((name) => [name, role])));

/** The role of that name, in capitals or without. Compared exactly: other letters may have the same capitals. */
export const roleNamed = (name: unknown): Role | undefined =>
  typeof name === 'string' ? rolesByName.get(name) : undefined;

export interface Caller {
  /** Events belong to the name, so that keys can be replaced. */
  readonly name: string;
  /** What links are given to, and end with: one key, one token's lifetime, this machine (access/holders.ts). */
  readonly holder: string;
  readonly role: Role;
  /** undefined: all cameras, also those still to come */
  readonly cameraIds: readonly string[] | undefined;
}

/** What needs more than reading: reporting events, recordings by hand and deleting, cameras and keys. */
export type Right = 'REPORT' | 'RECORD' | 'MANAGE';

const allowed: Record<Right, readonly Role[]> = {
  REPORT: ['ANALYTICS', 'OPERATOR', 'ADMIN'],
  RECORD: ['OPERATOR', 'ADMIN'],
  MANAGE: ['ADMIN'],
};

/** @throws RequestError FORBIDDEN */
export function demand(caller: Caller, right: Right): void {
  if (allowed[right].includes(caller.role)) return;
  const needed = allowed[right].join(' or ');
  throw new RequestError('FORBIDDEN', `The role ${caller.role} may not do this; it takes ${needed}.`);
}

/** Analytics services see the events that they reported, and no others. */
export const seesOnlyOwn = (caller: Caller): boolean => caller.role === 'ANALYTICS';

export const maySeeCamera = (caller: Caller, cameraId: string): boolean =>
  caller.cameraIds === undefined || caller.cameraIds.includes(cameraId);

export const maySeeEvent = (
  caller: Caller,
  event: { readonly cameraId: string; readonly createdByKey: string | null },
): boolean =>
  maySeeCamera(caller, event.cameraId) && (!seesOnlyOwn(caller) || event.createdByKey === caller.name);
