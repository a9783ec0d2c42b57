import { MeDocument } from '../gql/graphql.ts';
import { client, query } from './client.ts';
import { sockets } from './connection.ts';
import { forgetEverything } from './entities.ts';
import { Refusal } from './refusal.ts';
import { authorization, forgetApiKey, keepApiKey, session, signedOut } from './session.ts';

const againMs = 2_000;

/** Asks the server who the user of this tab is, until the server answers. */
export async function askWhoIAm(): Promise<void> {
  try {
    const { me } = await query(MeDocument, {});
    session.set({ state: 'in', me });
  } catch (error) {
    if (error instanceof Refusal && error.code === 'UNAUTHENTICATED') signedOut();
    else {
      session.set({ state: 'asking', isAway: true });
      setTimeout(askWhoIAm, againMs);
    }
  }
}

/**
 * @param remembers whether the key is kept when the tab is closed
 * @throws Refusal if the key is not accepted
 */
export async function signIn(key: string, remembers: boolean): Promise<void> {
  const fetchOptions = { headers: authorization(key) };
  const { data, error } = await client.query(MeDocument, {}, { fetchOptions }).toPromise();
  if (error || !data) throw new Refusal(error);
  keepApiKey(key, remembers);
  forgetEverything();
  // Closes the connection, because only the next one uses the new key.
  sockets.terminate();
  session.set({ state: 'in', me: data.me });
}

export function signOut(): void {
  forgetApiKey();
  forgetEverything();
  sockets.terminate();
  session.set({ state: 'asking' });
  void askWhoIAm();
}
