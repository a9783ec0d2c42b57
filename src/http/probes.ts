import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Access } from '../access/access.ts';
import { seesOnlyOwn } from '../domain/caller.ts';
import { RequestError } from '../domain/errors.ts';
import type { Clients } from './clients.ts';
import { refuse, refuseCaller, sendText } from './refuse.ts';

/** Checking database, disk and store takes work, so a result is shared for this time. */
const sharedMs = 1_000;

/**
 * `/readyz`: 200 or 503 for everybody. The reason names folders, buckets and addresses, so only this machine and callers
 * with a key get it.
 * @param options.ready resolves if the server can work; rejects with the reason if it cannot
 */
export function answerReady(options: { ready: () => Promise<void>; access: Access; clients: Clients }) {
  const { ready, access, clients } = options;
  let probe: { at: number; problem: Promise<string | undefined> } | undefined;

  function problemNow(): Promise<string | undefined> {
    const at = performance.now();
    if (!probe || at - probe.at >= sharedMs) {
      const problem = ready().then(
        () => undefined,
        (error: Error) => error.message,
      );
      probe = { at, problem };
    }
    return probe.problem;
  }

  const mayKnow = async (request: IncomingMessage) =>
    clients.isLocal(request) ||
    access.authenticate(request.headers.authorization).then(
      () => true,
      () => false,
    );

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const problem = await problemNow();
    if (problem === undefined) return sendText(response, 200, 'ready');
    sendText(response, 503, (await mayKnow(request)) ? problem : 'not ready');
  };
}

/** `/metrics`. If there are keys, a scraper needs one, which must allow all cameras: the metrics name cameras. */
export function answerMetrics(metrics: { contentType: string; read(): Promise<string> }, access: Access) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const { caller } = await access.authenticate(request.headers.authorization);
      if (caller.cameraIds || seesOnlyOwn(caller)) {
        const why =
          'The metrics name all cameras: they need a key that is not limited to cameras, with a role other than ANALYTICS.';
        return refuse(response, 403, 'FORBIDDEN', why);
      }
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      return refuseCaller(response, error);
    }
    const figures = await metrics.read();
    response.writeHead(200, { 'content-type': metrics.contentType }).end(figures);
  };
}
