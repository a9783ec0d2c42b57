import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { crc32 } from 'node:zlib';
import { S3Error } from './s3-error.ts';

const streamingPayload = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
const checksumPrefix = 'x-amz-checksum-';

/**
 * Reads a request's body into `sink`, without its transfer framing, and verifies everything that was declared of it:
 * the signature's SHA-256, Content-MD5, CRC32 and SHA-256 checksums in headers or trailers, and lengths.
 * @param declared what the signature says about the body
 * @param wire the request's bytes as they arrive
 */
export async function receive(
  req: IncomingMessage,
  declared: string,
  wire: AsyncIterable<Buffer>,
  sink: (chunk: Buffer) => Promise<unknown> | undefined,
): Promise<{ size: number; md5: Buffer }> {
  const { headers } = req;
  const isFramed = String(headers['content-encoding'] ?? '').includes('aws-chunked');
  if (isFramed !== (declared === streamingPayload))
    throw new S3Error(501, 'NotImplemented', `framing of ${declared}`);
  const trailers: Record<string, string> = {};
  const content = isFramed ? unframed(wire, trailers) : wire;

  const md5 = createHash('md5');
  const sha = createHash('sha256');
  const needsSha = /^[0-9a-f]{64}$/.test(declared) || isChecksumOf(headers, 'sha256');
  const needsCrc = isChecksumOf(headers, 'crc32');
  let crc = 0;
  let size = 0;
  for await (const chunk of content) {
    md5.update(chunk);
    if (needsSha) sha.update(chunk);
    if (needsCrc) crc = crc32(chunk, crc);
    size += chunk.length;
    await sink(chunk);
  }
  if (!req.complete) throw new S3Error(400, 'IncompleteBody');

  const sums = { md5: md5.digest(), sha256: sha.digest(), crc32: Buffer.alloc(4) };
  sums.crc32.writeUInt32BE(crc);
  assertDeclared(declared, headers, trailers, size, sums);
  return { size, md5: sums.md5 };
}

/** Whether a checksum of this kind is in the headers, or announced as a trailer. */
function isChecksumOf(headers: IncomingHttpHeaders, algorithm: string): boolean {
  const name = checksumPrefix + algorithm;
  return name in headers || headers['x-amz-trailer'] === name;
}

function assertDeclared(
  declared: string,
  headers: IncomingHttpHeaders,
  trailers: Record<string, string>,
  size: number,
  sums: { md5: Buffer; sha256: Buffer; crc32: Buffer },
): void {
  if (/^[0-9a-f]{64}$/.test(declared) && declared !== sums.sha256.toString('hex')) {
    throw new S3Error(400, 'XAmzContentSHA256Mismatch');
  }
  const contentMd5 = headers['content-md5'];
  if (contentMd5 !== undefined && contentMd5 !== sums.md5.toString('base64'))
    throw new S3Error(400, 'BadDigest');
  const decodedLength = headers['x-amz-decoded-content-length'];
  if (decodedLength !== undefined && Number(decodedLength) !== size) throw new S3Error(400, 'IncompleteBody');
  const promised = headers['x-amz-trailer'];
  if (promised !== undefined && !(String(promised) in trailers))
    throw new S3Error(400, 'MalformedTrailerError');

  for (const [name, value] of Object.entries({ ...headers, ...trailers })) {
    if (!name.startsWith(checksumPrefix) || name === `${checksumPrefix}algorithm`) continue;
    const algorithm = name.slice(checksumPrefix.length);
    if (algorithm !== 'crc32' && algorithm !== 'sha256') throw new S3Error(501, 'NotImplemented', name);
    if (value !== sums[algorithm].toString('base64')) throw new S3Error(400, 'BadDigest', name);
  }
}

/**
 * The content of aws-chunked framing: hex size, CRLF, bytes, CRLF, …, 0, CRLF, trailers, CRLF
 * (docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html).
 */
async function* unframed(
  wire: AsyncIterable<Buffer>,
  trailers: Record<string, string>,
): AsyncGenerator<Buffer> {
  let pending: Buffer = Buffer.alloc(0);
  let left = 0;
  let state = 'size' as 'size' | 'bytes' | 'end of bytes' | 'trailers';

  function takeLine(): string | undefined {
    const end = pending.indexOf('\r\n');
    if (end < 0) return undefined;
    const line = pending.toString('latin1', 0, end);
    pending = pending.subarray(end + 2);
    return line;
  }

  for await (const piece of wire) {
    pending = pending.length > 0 ? Buffer.concat([pending, piece]) : piece;
    for (;;) {
      if (state === 'bytes') {
        const bytes = pending.subarray(0, left);
        if (bytes.length > 0) yield bytes;
        pending = pending.subarray(bytes.length);
        left -= bytes.length;
        if (left > 0) break;
        state = 'end of bytes';
      }
      const line = takeLine();
      if (line === undefined) break;
      if (state === 'end of bytes') {
        if (line !== '') throw new S3Error(400, 'InvalidRequest', 'a chunk is longer than it says');
        state = 'size';
      } else if (state === 'size') {
        if (!/^[0-9a-f]+$/i.test(line))
          throw new S3Error(400, 'InvalidRequest', `not a chunk's size: ${line}`);
        left = Number.parseInt(line, 16);
        state = left > 0 ? 'bytes' : 'trailers';
      } else if (line !== '') {
        const colon = line.indexOf(':');
        trailers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
      }
    }
  }
  if (state !== 'trailers') throw new S3Error(400, 'IncompleteBody', 'the last chunk is missing');
}
