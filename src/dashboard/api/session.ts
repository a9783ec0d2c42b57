import type { MeQuery, Role } from '../gql/graphql.ts';
import { observable, useObservable } from './observable.ts';

/** Who uses this tab. The API key is kept for the browser's session and gone with the tab. */

export type Session =
  | { readonly state: 'asking' }
  | { readonly state: 'in'; readonly me: MeQuery['me'] }
  /** `reason`: why a key that was in use is not any more. */
  | { readonly state: 'out'; readonly reason?: string };

export const session = observable<Session>({ state: 'asking' });

const name = 'flashback.apiKey';

export const apiKey = (): string | undefined => sessionStorage.getItem(name) ?? undefined;

export function keepApiKey(key: string | undefined): void {
  if (key) sessionStorage.setItem(name, key);
  else sessionStorage.removeItem(name);
}

/** What a request with this key carries; nothing where there is none. */
export const authorization = (key = apiKey()): Record<string, string> =>
  key ? { authorization: `Bearer ${key}` } : {};

/** The server does not take the key (any more). */
export function signedOut(): void {
  const hadKey = apiKey() !== undefined;
  keepApiKey(undefined);
  session.set({
    state: 'out',
    ...(hadKey && { reason: 'Your key does not hold any more: it has expired, or was revoked.' }),
  });
}

/** What needs more than looking on: reporting events; recordings by hand, deleting, retrying; cameras. */
export type Right = 'report' | 'record' | 'manage';

const allowed: Readonly<Record<Right, readonly Role[]>> = {
  report: ['ANALYTICS', 'OPERATOR', 'ADMIN'],
  record: ['OPERATOR', 'ADMIN'],
  manage: ['ADMIN'],
};

/** Whether it is offered. The server decides anyway. */
export function useMay(right: Right): boolean {
  const now = useObservable(session);
  return now.state === 'in' && allowed[right].includes(now.me.role);
}
