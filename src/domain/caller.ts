import { RequestError } from './errors.ts';

/** Who makes a request, and what the role allows. Pure functions. */

export const roles = ['VIEWER', 'ANALYTICS', 'OPERATOR', 'ADMIN'] as const;
export type Role = (typeof roles)[number];

const rolesByName = new Map(roles.flatMap((role) => [role, role.toLowerCase()].map((name) => [name, role])));

/**
 * The role with this name, in upper or lower case. toUpperCase would be too lenient: it makes "ADMIN" of "admın"
 * (dotless i).
 */
export const roleNamed = (name: unknown): Role | undefined =>
  typeof name === 'string' ? rolesByName.get(name) : undefined;

export interface Caller {
  /** The name. Events belong to it and not to the key: so a key can be replaced by another one of the same name. */
  readonly name: string;
  /**
   * The key, token or machine that links are given to. A link is valid only as long as its holder (access/holders.ts).
   */
  readonly holder: string;
  readonly role: Role;
  /** undefined: all cameras, including those added later */
  readonly cameraIds: readonly string[] | undefined;
}

/**
 * What a caller may do besides reading. REPORT: report events. RECORD: record by hand, delete and protect playbacks.
 * MANAGE: change cameras and keys.
 */
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

/** Whether the caller sees only the events that it reported. */
export const seesOnlyOwn = (caller: Caller): boolean => caller.role === 'ANALYTICS';

export const maySeeCamera = (caller: Caller, cameraId: string): boolean =>
  caller.cameraIds === undefined || caller.cameraIds.includes(cameraId);

export const maySeeEvent = (
  caller: Caller,
  event: { readonly cameraId: string; readonly createdByKey: string | null },
): boolean =>
  maySeeCamera(caller, event.cameraId) && (!seesOnlyOwn(caller) || event.createdByKey === caller.name);
