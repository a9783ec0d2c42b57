import type { IncomingMessage } from 'node:http';
import type { Incarnation } from '../db/session.ts';
import { RequestError } from '../domain/errors.ts';
import { NodeAway, nameOf, type OtherNodes } from '../nodes/other-nodes.ts';
import { type CallSigner, signatureHeader } from '../nodes/signature.ts';
import { decodeValue, encodeValue } from '../nodes/values.ts';
import type { NodeTasks } from '../usecases/node-tasks.ts';
import { sendText } from './refuse.ts';
import type { Handler } from './routes.ts';

export interface NodeCallOptions {
  readonly self: Incarnation;
  readonly signer: CallSigner;
  readonly here: NodeTasks;
  readonly others: OtherNodes;
}

/**
 * The most bytes in a call. An event's metadata has at most 64 KiB, and twice as many when its text is written as JSON
 * again. Some calls have thousands of ids.
 */
const mostBytes = 256 * 1024;

/**
 * Answers calls of other nodes of this database, below /node/: tasks (usecases/node-tasks.ts), and files that this node
 * has on its disk or in its memory. A call that was meant for an earlier or later start of this node is refused.
 * @param served what is served, by the first part of its path
 */
export function answerNodeCall(
  { self, signer, here, others }: NodeCallOptions,
  served: Readonly<Record<string, Handler>>,
): Handler {
  return async (request, response, rest) => {
    const body = others.isAlone ? undefined : await readBody(request);
    const signature = request.headers[signatureHeader] as string | undefined;
    const call = { method: request.method!, path: `/node/${rest}`, to: nameOf(self), body: body ?? '' };
    if (body === undefined || !signer.verify(call, signature)) {
      return sendText(response, 403, 'This is not a valid call of another node to this start of the server.');
    }
    const [kind = '', ...path] = rest.split('/');
    if (request.method === 'GET' && Object.hasOwn(served, kind)) {
      return served[kind]!(request, response, path.join('/'));
    }
    const task =
      kind === 'tasks' && Object.hasOwn(here, path[0]!) ? here[path[0] as keyof NodeTasks] : undefined;
    if (!task) return sendText(response, 404, 'There is no such task.');
    const answer = (status: number, value: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(encodeValue(value));
    try {
      answer(200, await task(decodeValue(body) as never));
    } catch (error) {
      if (error instanceof NodeAway) return sendText(response, 409, error.message);
      if (!(error instanceof RequestError)) throw error;
      const { code, message, details } = error;
      answer(400, { code, message, details });
    }
  };
}

/** @returns the body; undefined if it is too long */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
