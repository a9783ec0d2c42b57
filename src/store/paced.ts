import { Readable } from 'node:stream';
import type { PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import type { Pace } from './store.ts';

/** Small, so that even at 100 kbit/s each of a dozen requests sends something every few seconds. */
const chunkBytes = 16 * 1024;

/**
 * Sends the command's body no faster than `pace` allows. The body stays a buffer, which can be signed and sent again.
 */
export function paced<Command extends PutObjectCommand | UploadPartCommand>(
  command: Command,
  pace: Pace | undefined,
): Command {
  if (!pace) return command;
  const stack = command.middlewareStack as UploadPartCommand['middlewareStack'];
  stack.add(
    (next) => (args) => {
      const { request } = args as { request: { body: Buffer } };
      const slow = Object.assign(Object.create(Object.getPrototypeOf(request)), request);
      slow.body = Readable.from(chunks(request.body, pace), { objectMode: false });
      return next({ ...args, request: slow });
    },
    // Runs last before the request is sent: after signing, and again for each retry.
    { step: 'deserialize', priority: 'low' },
  );
  return command;
}

async function* chunks(body: Buffer, pace: Pace): AsyncGenerator<Buffer> {
  for (let at = 0; at < body.length; at += chunkBytes) {
    const chunk = body.subarray(at, at + chunkBytes);
    await pace(chunk.length);
    yield chunk;
  }
}
