import { createHash, createHmac } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpRequest } from '@smithy/core/protocols';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { SignatureV4 } from '@smithy/signature-v4';
import { type Patience, retryDelayMs, type S3Access } from './s3-client.ts';
import { statusOf } from './s3-failure.ts';
import type { Pace, Transfer } from './store.ts';

/** A PUT of an object, or of a part of an upload. */
export interface Put {
  readonly Key: string;
  /** The upload's parameters; none for an object. */
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Sends bytes into a bucket. The client of the SDK could do this, too, but it takes several times the processor time
 * for each request (docs/decisions/0022). Like that client, a sender signs requests, limits their time, uses
 * connections again, retries, and corrects its clock by the bucket's.
 */
export interface Sender {
  /**
   * @returns the ETag
   * @throws Error with the bucket's code as its name, and marked like the SDK's errors (s3-failure.ts)
   */
  put(put: Put, bytes: Buffer, transfer: Transfer): Promise<string>;
  destroy(): void;
}

/**
 * How many bytes are sent at a time. The number is small, so that even at 100 kbit/s, each of a dozen requests sends
 * something every few seconds.
 */
const chunkBytes = 16 * 1024;

export function createSender(access: S3Access, bucket: string, patience: Patience): Sender {
  const { protocol, hostname, port, host } = new URL(access.endpoint);
  const { accessKeyId, secretAccessKey, region } = access;
  const credentials = { accessKeyId, secretAccessKey };
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials,
    sha256: Sha256,
    uriEscapePath: false,
  });
  const { connectMs: connectionTimeout, silenceMs: socketTimeout } = patience;
  const handler = new NodeHttpHandler({ connectionTimeout, socketTimeout });
  // Over https, the signature contains no hash of the bytes. It would show changed bytes, which TLS shows, too, and it
  // would take longer than all the rest.
  const unhashed = protocol === 'https:' ? { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } : {};
  let clockAheadMs = 0;

  async function send({ Key, query = {}, headers }: Put, body: Buffer, { signal, pace }: Transfer) {
    const signed = await signer.sign(
      new HttpRequest({
        method: 'PUT',
        ...{ protocol, hostname, ...(port && { port: Number(port) }) },
        path: `/${bucket}/${Key}`,
        query: { ...query },
        headers: { ...headers, ...unhashed, host, 'content-length': String(body.length) },
        body,
      }),
      { signingDate: new Date(Date.now() + clockAheadMs) },
    );
    const paced = pace && { body: Readable.from(chunks(body, pace), { objectMode: false }) };
    const request = new HttpRequest({ ...signed, ...paced });
    const { response } = await handler.handle(request, signal && { abortSignal: signal });
    if (response.statusCode < 300) {
      response.body.resume();
      return response.headers['etag'] ?? '';
    }
    const name = /<Code>(\w+)<\/Code>/.exec(await text(response.body))?.[1] ?? 'UnknownError';
    const date = Date.parse(response.headers['date'] ?? '');
    if (name === 'RequestTimeTooSkewed' && date) clockAheadMs = date - Date.now();
    throw Object.assign(new Error(`The bucket answered ${response.statusCode} ${name}.`), {
      name,
      $metadata: { httpStatusCode: response.statusCode },
    });
  }

  return {
    async put(put, bytes, transfer) {
      for (let retries = 0; ; retries++) {
        try {
          return await send(put, bytes, transfer);
        } catch (error) {
          const { signal } = transfer;
          if (signal?.aborted || retries + 1 >= patience.attempts || !isTransient(error))
            throw Object.assign(error as Error, { $metadata: { httpStatusCode: statusOf(error) } });
          await sleep(retryDelayMs(retries + 1), undefined, { ...(signal && { signal }) });
        }
      }
    },
    destroy: () => handler.destroy(),
  };
}

/** Whether the request may succeed if it is sent again. An error without a status means that no answer came. */
function isTransient(error: unknown): boolean {
  const status = statusOf(error) ?? 0;
  const names = ['RequestTimeout', 'RequestTimeTooSkewed'];
  return status === 0 || status === 429 || status >= 500 || names.includes((error as Error).name);
}

/** Sends no faster than `pace` allows. */
async function* chunks(bytes: Buffer, pace: Pace): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const chunk = bytes.subarray(at, at + chunkBytes);
    await pace(chunk.length);
    yield chunk;
  }
}

/** SHA-256, with a secret HMAC, in the form that the signer takes. */
class Sha256 {
  readonly #hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secretOf(secret));
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  /** Does nothing, because the signer takes a new instance for each hash. */
  reset(): void {}
}

const secretOf = (secret: string | ArrayBuffer | ArrayBufferView) =>
  ArrayBuffer.isView(secret)
    ? Buffer.from(secret.buffer, secret.byteOffset, secret.byteLength)
    : Buffer.from(secret as string);
