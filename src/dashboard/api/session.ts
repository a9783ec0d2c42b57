import type { MeQuery, Role } from '../gql/graphql.ts';
import { observable, useObservable } from './observable.ts';

/**
 * The user of this tab. The API key is forgotten when the tab is closed, unless the user wants it to be remembered:
 * then every tab of this browser uses it until the user signs out.
 */

export type Session =
  /** `isAway`: the server does not answer. */
  | { readonly state: 'asking'; readonly isAway?: true }
  | { readonly state: 'in'; readonly me: MeQuery['me'] }
  /** `hadKey`: whether a key was in use, which is no longer valid. */
  | { readonly state: 'out'; readonly hadKey: boolean };

export const session = observable<Session>({ state: 'asking' });

const name = 'flashback.apiKey';

export const apiKey = (): string | undefined =>
  sessionStorage.getItem(name) ?? localStorage.getItem(name) ?? undefined;

/** @param remembers whether the key is kept when the tab is closed */
export function keepApiKey(key: string, remembers: boolean): void {
  (remembers ? localStorage : sessionStorage).setItem(name, key);
}

export function forgetApiKey(): void {
  // Only this tab's own key is removed: another tab may have remembered another key meanwhile.
  if (localStorage.getItem(name) === apiKey()) localStorage.removeItem(name);
  sessionStorage.removeItem(name);
}

/** The headers of a request with this key; none without a key. */
export const authorization = (key = apiKey()): Record<string, string> =>
  key ? { authorization: `Bearer ${key}` } : {};

/** Call it when the server does not accept the key, or no longer accepts it. */
export function signedOut(): void {
  const hadKey = apiKey() !== undefined;
  forgetApiKey();
  session.set({ state: 'out', hadKey });
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
