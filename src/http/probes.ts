import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Access } from '../access/access.ts';
import { seesOnlyOwn } from '../domain/caller.ts';
import { RequestError } from '../domain/errors.ts';
import type { Clients } from './clients.ts';
import { refuse, refuseCaller, sendText } from './refuse.ts';

/** Asking database, disk and store costs something, and whoever asks is told the same. */
const sharedMs = 1_000;

/**
 * `/readyz`: 200 or 503 for whoever asks. What is wrong names folders, buckets and addresses: it is told to this machine
 * and to who has a key.
 * @param ready resolves where the server can work; rejects with what is wrong
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

/** `/metrics`: with keys, scrapers bring one: the figures name cameras, and are for who may see them all. */
export function answerMetrics(metrics: { contentType: string; read(): Promise<string> }, access: Access) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const { caller } = await access.authenticate(request.headers.authorization);
      if (caller.cameraIds || seesOnlyOwn(caller)) {
        const why =
          'The figures are of all cameras: they take a key that is limited to none, of another role than ANALYTICS.';
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
