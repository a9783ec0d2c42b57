import type { RtspClient } from './client.ts';

/** The requests that may keep a session alive: cameras differ in which of them does. */
const methods = ['GET_PARAMETER', 'OPTIONS', 'SET_PARAMETER'];
const answerMs = 10_000;
/** The longest interval: some cameras announce minutes, and end the session earlier. */
const maxIntervalMs = 30_000;

/**
 * Keeps the session alive: sends a request at half the session's timeout, with the first method that the camera does
 * not refuse. It does not wait for answers, because a camera that does not answer may still send.
 * @param known the methods that the camera's OPTIONS named, in capitals; undefined if there were none
 * @returns a function that stops it
 */
export function keepAlive(client: RtspClient, known: readonly string[] | undefined): () => void {
  const candidates = methods.toSorted((a, b) => Number(known?.includes(b)) - Number(known?.includes(a)));
  if (known === undefined) candidates.splice(0, candidates.length, ...methods);
  let chosen = 0;
  let isAsking = false;
  const ask = async () => {
    if (isAsking) return;
    isAsking = true;
    try {
      for (; chosen < candidates.length; chosen++) {
        const { status } = await client.request(candidates[chosen]!, client.sessionUrl, {}, answerMs);
        if (status < 300) return;
      }
      // All methods are refused. A refused request keeps the session alive, too.
      chosen = 0;
    } catch {
      // A lost connection is reported elsewhere. After a missing answer, the next request follows.
    } finally {
      isAsking = false;
    }
  };
  const timer = setInterval(ask, Math.min((client.timeoutSec * 1000) / 2, maxIntervalMs));
  return () => clearInterval(timer);
}
