import type { IncomingMessage } from 'node:http';
import { assertPartNumber, type Bucket, type Piece } from './bucket.ts';
import type { Operation } from './faults.ts';
import { S3Error } from './s3-error.ts';
import { listObjects, listParts, listUploads, textsOf, toXml } from './xml.ts';

export interface Answer {
  status: number;
  headers?: Record<string, string | number>;
  body?: string | AsyncIterable<Buffer>;
}

export interface Request {
  http: IncomingMessage;
  op: Operation;
  key: string;
  query: URLSearchParams;
  /** Reads and verifies the body. */
  receive: (sink: (chunk: Buffer) => Promise<unknown> | undefined) => Promise<{ size: number; md5: Buffer }>;
}

/** The operation of a request. @throws S3Error 501 for an operation that this server does not implement */
export function operationOf(method: string, key: string, query: URLSearchParams): Operation {
  const shape = `${method} ${key === '' ? 'bucket' : 'object'}`;
  const found = operations.find(([of, marker]) => of === shape && (marker === '' || query.has(marker)));
  if (!found) throw new S3Error(501, 'NotImplemented', `${shape} ?${query}`);
  return found[2];
}

/** Method and target, the query parameter that identifies the operation, the operation. The first match is used. */
const operations: [string, string, Operation][] = [
  ['HEAD bucket', '', 'HeadBucket'],
  ['GET bucket', 'uploads', 'ListMultipartUploads'],
  ['GET bucket', 'list-type', 'ListObjectsV2'],
  ['POST bucket', 'delete', 'DeleteObjects'],
  ['POST object', 'uploads', 'CreateMultipartUpload'],
  ['POST object', 'uploadId', 'CompleteMultipartUpload'],
  ['PUT object', 'uploadId', 'UploadPart'],
  ['PUT object', '', 'PutObject'],
  ['GET object', 'uploadId', 'ListParts'],
  ['GET object', '', 'GetObject'],
  ['HEAD object', '', 'HeadObject'],
  ['DELETE object', 'uploadId', 'AbortMultipartUpload'],
  ['DELETE object', '', 'DeleteObject'],
];

export async function perform(bucket: Bucket, request: Request): Promise<Answer> {
  return performers[request.op](bucket, request);
}

const performers: Record<Operation, (bucket: Bucket, request: Request) => Promise<Answer>> = {
  HeadBucket: async () => ({ status: 200 }),

  ListObjectsV2: async (bucket, { query }) => ({ status: 200, body: listObjects(bucket, query) }),

  ListMultipartUploads: async (bucket, { query }) => ({
    status: 200,
    body: listUploads(bucket, query.get('prefix') ?? ''),
  }),

  async DeleteObjects(bucket, request) {
    const xml = await receiveText(request);
    const keys = textsOf(xml, 'Key');
    for (const key of keys) await bucket.remove(key);
    return { status: 200, body: toXml({ DeleteResult: { Deleted: keys.map((Key) => ({ Key })) } }) };
  },

  async PutObject(bucket, request) {
    const piece = await bucket.takePiece(request.receive);
    assertConditions(bucket, request);
    await bucket.put(request.key, [piece], keptHeaders(request.http), hex(piece));
    return { status: 200, headers: { etag: `"${hex(piece)}"` } };
  },

  GetObject: async (bucket, request) => answerObject(bucket, request),
  HeadObject: async (bucket, request) => answerObject(bucket, request),

  async DeleteObject(bucket, { key }) {
    await bucket.remove(key);
    return { status: 204 };
  },

  async CreateMultipartUpload(bucket, request) {
    await receiveText(request);
    const { id, key } = bucket.begin(request.key, keptHeaders(request.http));
    const result = { Bucket: bucket.name, Key: key, UploadId: id };
    const headers = bucket.abortsAt && { 'x-amz-abort-date': bucket.abortsAt.toUTCString() };
    return {
      status: 200,
      ...(headers && { headers }),
      body: toXml({ InitiateMultipartUploadResult: result }),
    };
  },

  async UploadPart(bucket, { key, query, receive }) {
    const number = Number(query.get('partNumber'));
    assertPartNumber(number);
    const upload = bucket.upload(query.get('uploadId')!, key);
    const piece = await bucket.takePiece(receive);
    await bucket.setPart(upload, number, piece);
    return { status: 200, headers: { etag: `"${hex(piece)}"` } };
  },

  async ListParts(bucket, { key, query }) {
    const upload = bucket.upload(query.get('uploadId')!, key);
    return { status: 200, body: listParts(bucket, upload, Number(query.get('part-number-marker') ?? 0)) };
  },

  async CompleteMultipartUpload(bucket, request) {
    const xml = await receiveText(request);
    const etags = textsOf(xml, 'ETag').map((etag) => etag.replaceAll('"', ''));
    const listed = textsOf(xml, 'PartNumber').map((number, i) => ({
      number: Number(number),
      etag: etags[i] ?? '',
    }));
    const upload = bucket.upload(request.query.get('uploadId')!, request.key);
    const { etag } = await bucket.complete(upload, listed);
    const result = { Bucket: bucket.name, Key: request.key, ETag: `"${etag}"` };
    return { status: 200, body: toXml({ CompleteMultipartUploadResult: result }) };
  },

  async AbortMultipartUpload(bucket, { key, query }) {
    await bucket.abort(bucket.upload(query.get('uploadId')!, key));
    return { status: 204 };
  },
};

function answerObject(bucket: Bucket, { http, key, query }: Request): Answer {
  const object = bucket.object(key);
  const range = rangeOf(http.headers.range, object.size);
  const { from, to } = range ?? { from: 0, to: object.size };
  const headers: Answer['headers'] = {
    'content-type': 'binary/octet-stream',
    ...object.headers,
    etag: `"${object.etag}"`,
    'last-modified': object.modified.toUTCString(),
    'accept-ranges': 'bytes',
    'content-length': to - from,
    ...(range && { 'content-range': `bytes ${from}-${to - 1}/${object.size}` }),
  };
  for (const name of ['content-type', 'content-disposition', 'cache-control']) {
    const override = query.get(`response-${name}`);
    if (override !== null) headers[name] = override;
  }
  return { status: range ? 206 : 200, headers, body: bucket.read(object, from, to) };
}

/** Conditional writes, as on R2 and S3. */
function assertConditions(bucket: Bucket, { http, key }: Request): void {
  const { 'if-match': match, 'if-none-match': noneMatch } = http.headers;
  const held = bucket.objects.get(key);
  if (match !== undefined && !held) throw new S3Error(404, 'NoSuchKey');
  if (match !== undefined && match !== `"${held!.etag}"`) throw new S3Error(412, 'PreconditionFailed');
  if (noneMatch === '*' && held) throw new S3Error(412, 'PreconditionFailed');
}

function rangeOf(field: string | undefined, size: number): { from: number; to: number } | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(field ?? '') ?? [];
  if (first === undefined || first + last! === '') return undefined;
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  if (from >= size) throw new S3Error(416, 'InvalidRange');
  return to > from ? { from, to } : undefined;
}

function keptHeaders(req: IncomingMessage): Record<string, string> {
  const isKept = /^(content-type|content-disposition|cache-control|x-amz-meta-.*)$/;
  const kept = Object.entries(req.headers).filter(([name]) => isKept.test(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}

async function receiveText({ receive }: Request): Promise<string> {
  const chunks: Buffer[] = [];
  await receive((chunk) => void chunks.push(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

function hex(piece: Piece): string {
  return piece.md5.toString('hex');
}
