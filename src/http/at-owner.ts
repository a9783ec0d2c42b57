import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { NodeAway, type OtherNodes } from '../nodes/other-nodes.ts';
import { sendText } from './refuse.ts';
import type { Handler } from './routes.ts';

/** Headers of the owner's answer that are passed on. */
const passed = ['content-type', 'content-length', 'cache-control'];

/**
 * Serves a file that a node has on its disk or in its memory. If another node has it, fetches it there; otherwise
 * `answer` serves it.
 * @param name of the route, also at the other node (node-calls.ts)
 * @param ownerOf the node that has the file, by the rest of the path; null: this node, or nobody
 */
export function atOwner(
  name: string,
  {
    others,
    ownerOf,
    answer,
  }: {
    readonly others: OtherNodes;
    readonly ownerOf: (rest: string) => Promise<string | null>;
    readonly answer: Handler;
  },
): Handler {
  return async (request, response, rest) => {
    const owner = others.isAlone ? null : await ownerOf(rest);
    if (!others.isElsewhere(owner)) return answer(request, response, rest);
    try {
      await passOn(await others.fetch(owner, `${name}/${rest}`), request.method === 'HEAD', response);
    } catch (error) {
      if (!(error instanceof NodeAway)) throw error;
      sendText(response, 503, 'The server that has this does not answer; try again in a moment.');
    }
  };
}

async function passOn(fetched: Response, isHead: boolean, response: ServerResponse): Promise<void> {
  for (const name of passed) {
    const value = fetched.headers.get(name);
    if (value !== null) response.setHeader(name, value);
  }
  response.writeHead(fetched.status);
  if (isHead || !fetched.body) {
    await fetched.body?.cancel();
    response.end();
    return;
  }
  // The client has left, or the other server has ended. In both cases there is nothing to answer.
  await pipeline(Readable.fromWeb(fetched.body as never), response).catch(() => {});
}
