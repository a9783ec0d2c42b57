import type { RtspClient } from './client.ts';

/** Cameras differ in what they take for a sign of life. */
const methods = ['GET_PARAMETER', 'OPTIONS', 'SET_PARAMETER'];
const answerMs = 10_000;
/** Some announce minutes and forget us earlier. */
const maxIntervalMs = 30_000;

/**
 * Tells the camera at half its timeout that we are still here, by the first method that it does not refuse. Answers are
 * not waited for: a camera that does not answer may still send.
 * @param known what the camera's OPTIONS named, in capitals; undefined where it did not
 * @returns stops it
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
      // Refused are all; a request that is refused is a sign of life, too.
      chosen = 0;
    } catch {
      // The connection's end is told by the connection; without an answer the next time is as good.
    } finally {
      isAsking = false;
    }
  };
  const timer = setInterval(ask, Math.min((client.timeoutSec * 1000) / 2, maxIntervalMs));
  return () => clearInterval(timer);
}
