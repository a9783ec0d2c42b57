import type { MeQuery, Role } from '../gql/graphql.ts';
import { observable, useObservable } from './observable.ts';

/** The user of this tab. The API key is kept for the browser session and is gone when the tab is closed. */

export type Session =
  | { readonly state: 'asking' }
  | { readonly state: 'in'; readonly me: MeQuery['me'] }
  /** `reason`: why a key that was in use is no longer valid. */
  | { readonly state: 'out'; readonly reason?: string };

export const session = observable<Session>({ state: 'asking' });

const name = 'flashback.apiKey';

export const apiKey = (): string | undefined => sessionStorage.getItem(name) ?? undefined;

export function keepApiKey(key: string | undefined): void {
  if (key) sessionStorage.setItem(name, key);
  else sessionStorage.removeItem(name);
}

/** The headers of a request with this key; none without a key. */
export const authorization = (key = apiKey()): Record<string, string> =>
  key ? { authorization: `Bearer ${key}` } : {};

/** The server does not accept the key, or no longer accepts it. */
export function signedOut(): void {
  const hadKey = apiKey() !== undefined;
  keepApiKey(undefined);
  session.set({
    state: 'out',
    ...(hadKey && { reason: 'Your key does not hold any more: it has expired, or was revoked.' }),
  });
}

/** Actions that need more than reading: reporting events, recording by hand, deleting, retrying, changing cameras. */
export type Right = 'report' | 'record' | 'manage';

const allowed: Readonly<Record<Right, readonly Role[]>> = {
  report: ['ANALYTICS', 'OPERATOR', 'ADMIN'],
  record: ['OPERATOR', 'ADMIN'],
  manage: ['ADMIN'],
};

/** Whether the dashboard offers the action. The server checks the right in any case. */
export function useMay(right: Right): boolean {
  const now = useObservable(session);
  return now.state === 'in' && allowed[right].includes(now.me.role);
}
