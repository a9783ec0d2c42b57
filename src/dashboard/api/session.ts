import type { MeQuery, Role } from '../gql/graphql.ts';
import { apiKey, forgetApiKey } from './key.ts';
import { observable, useObservable } from './observable.ts';

/** The user of this tab. */
export type Session =
  /** `isAway`: the server does not answer. */
  | { readonly state: 'asking'; readonly isAway?: true }
  | { readonly state: 'in'; readonly me: MeQuery['me'] }
  /** `hadKey`: whether a key was in use, which is no longer valid. */
  | { readonly state: 'out'; readonly hadKey: boolean };

export const session = observable<Session>({ state: 'asking' });

/** Call it when the server does not accept the key, or no longer accepts it. */
export function signedOut(): void {
  // Requests that were under way with the same key are refused, too, after the session has ended.
  if (session.get().state === 'out') return;
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
