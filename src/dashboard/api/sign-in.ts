import { MeDocument } from '../gql/graphql.ts';
import { learnAhead } from './ahead-answers.ts';
import { loadCameras } from './cameras.ts';
import { query, sendWith } from './client.ts';
import { sockets } from './connection.ts';
import { forgetEverything } from './entities.ts';
import { authorization, forgetApiKey, keepApiKey } from './key.ts';
import { Refusal } from './refusal.ts';
import { session } from './session.ts';

const againMs = 2_000;

/**
 * Asks the server who the user of this tab is, again and again until it answers. Also asks for the cameras, which every
 * view shows.
 */
export async function askWhoIAm(): Promise<void> {
  const cameras = loadCameras().catch(() => {}); // followEverything asks again
  try {
    const { me } = await query(MeDocument, {});
    await cameras;
    learnAhead();
    session.set({ state: 'in', me });
  } catch (error) {
    if (error instanceof Refusal && error.code === 'UNAUTHENTICATED') return;
    session.set({ state: 'asking', isAway: true });
    setTimeout(askWhoIAm, againMs);
  }
}

/**
 * @param remembers whether the key is kept when the tab is closed
 * @throws Refusal if the key is not accepted
 */
export async function signIn(key: string, remembers: boolean): Promise<void> {
  const { me } = await sendWith({ headers: authorization(key) }, MeDocument, {});
  keepApiKey(key, remembers);
  forgetEverything();
  // Closes the connection, because only the next one uses the new key.
  sockets.terminate();
  session.set({ state: 'in', me });
}

export function signOut(): void {
  forgetApiKey();
  forgetEverything();
  sockets.terminate();
  session.set({ state: 'asking' });
  void askWhoIAm();
}
