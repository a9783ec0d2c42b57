import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { RecordingFailure } from '../domain/failures.ts';
import { assertKey } from './key.ts';
import { PART_BYTES } from './parts.ts';
import { createS3Client, type Patience, type S3Access } from './s3-client.ts';
import { isRequestError, s3Failure, statusOf } from './s3-failure.ts';
import { listObjects, listUploads, uploadsThatShow } from './s3-listing.ts';
import { abortUpload, readPart, uploadInParts } from './s3-upload.ts';
import type { ObjectBody, ObjectInfo, Store } from './store.ts';

export interface S3StoreOptions extends S3Access {
  bucket: string;
  /** Public base of the bucket's objects; without it links are presigned. */
  publicUrl?: string;
  /** Life of presigned links, in seconds. */
  urlTtlSec: number;
  /** For transfers; a check never waits longer than a few seconds. */
  patience?: Patience;
}

/** Some 2 s of back-off in the mean; what lasts longer is for whoever asked to try again later. */
const PATIENT: Patience = { attempts: 5, connectMs: 10_000, silenceMs: 30_000 };
const HASTY: Patience = { attempts: 2, connectMs: 2_000, silenceMs: 4_000 };

const REMOVED_AT_ONCE = 8;

/** An object of our own, so that a check needs no rights beyond those on objects. */
const PROBE_KEY = 'flashback-check';

/** A bucket at R2 or any S3-compatible store; `endpoint` without a path, addressed in path style. */
export function createS3Store(options: S3StoreOptions): Store {
  const { bucket: Bucket, endpoint, publicUrl, urlTtlSec } = options;
  const patient = createS3Client(options, options.patience ?? PATIENT);
  const hasty = createS3Client(options, HASTY);
  const place = { bucket: Bucket, host: new URL(endpoint).host };
  const base = withoutSlash(publicUrl ?? `${withoutSlash(endpoint)}/${Bucket}`);

  /** Runs requests; their errors become failures that say what could not be done. */
  async function request<T>(task: string, requests: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await requests();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw isRequestError(error) ? s3Failure(place, task, error) : error;
    }
  }

  /** As request, for a listing. */
  async function* told<T>(task: string, listing: () => AsyncGenerator<T>): AsyncGenerator<T> {
    try {
      yield* listing();
    } catch (error) {
      throw isRequestError(error) ? s3Failure(place, task, error) : error;
    }
  }

  async function putWhole(key: string, body: ObjectBody, ContentType: string, abortSignal: AbortSignal) {
    const Body = await readPart(body, { from: 0, to: body.size }, Buffer.allocUnsafe(body.size));
    // The SDK takes an empty body for a stream of unknown length unless it is told the length.
    const ContentLength = body.size;
    const command = new PutObjectCommand({ Bucket, Key: key, Body, ContentLength, ContentType });
    await patient.send(command, { abortSignal });
  }

  async function head(client: typeof patient, key: string): Promise<ObjectInfo | undefined> {
    try {
      const answer = await client.send(new HeadObjectCommand({ Bucket, Key: key }));
      return {
        size: answer.ContentLength ?? 0,
        contentType: answer.ContentType ?? '',
        etag: answer.ETag ?? '',
      };
    } catch (error) {
      // An answer to HEAD has no body: a missing bucket cannot be told from a missing object.
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async function expectSize(key: string, size: number): Promise<void> {
    const stored = await request(`say what it holds under ${key}`, () => head(patient, key));
    if (stored?.size === size) return;
    const held = stored ? `${stored.size} bytes` : 'nothing';
    const where = `The bucket "${Bucket}" at ${place.host}`;
    const message = `${where} holds ${held} under ${key}; expected ${size} bytes.`;
    throw new RecordingFailure('STORE_MISMATCH', message);
  }

  async function probe(): Promise<void> {
    const object = { Key: PROBE_KEY, Body: 'ok', ContentType: 'text/plain' };
    await hasty.send(new PutObjectCommand({ Bucket, ...object })).catch(unlessKept);
  }

  return {
    kind: 's3',

    async put(key, body, contentType, signal = new AbortController().signal) {
      assertKey(key);
      signal.throwIfAborted();
      const send = () =>
        body.size <= PART_BYTES
          ? putWhole(key, body, contentType, signal)
          : uploadInParts(patient, { Bucket, Key: key }, body, contentType, signal);
      // What was put by an earlier try, whose answer was lost, cannot be written over while a rule keeps it.
      await request(`store ${key}`, () => send().catch(unlessKept), signal);
      await expectSize(key, body.size);
    },

    async stat(key) {
      assertKey(key);
      return request(`say what it holds under ${key}`, () => head(patient, key));
    },

    async remove(key) {
      assertKey(key);
      await request(`remove ${key}`, () => patient.send(new DeleteObjectCommand({ Bucket, Key: key })));
    },

    async removeAll(keys) {
      for (const key of keys) assertKey(key);
      const left = new Map<string, RecordingFailure>();
      const remove = (key: string, requests: () => Promise<unknown>) =>
        request(`remove ${key}`, requests).catch((error) => left.set(key, asRemovalFailure(error)));
      // One by one: not every S3-like store has DeleteObjects.
      for (let at = 0; at < keys.length; at += REMOVED_AT_ONCE) {
        const away = [...left.values()].find(({ code }) => code === 'STORE_UNREACHABLE');
        if (away) {
          for (const key of keys.slice(at)) left.set(key, away);
          return left;
        }
        const some = keys.slice(at, at + REMOVED_AT_ONCE);
        await Promise.all(
          some.map((Key) => remove(Key, () => patient.send(new DeleteObjectCommand({ Bucket, Key })))),
        );
      }
      const gone = new Set(keys.filter((key) => !left.has(key)));
      try {
        const begun = await request('list its unfinished uploads', () =>
          uploadsThatShow(patient, Bucket, ''),
        );
        for (const upload of begun.filter(({ key }) => gone.has(key))) {
          await remove(upload.key, () => abortUpload(patient, Bucket, upload));
        }
      } catch (error) {
        for (const key of gone) left.set(key, asRemovalFailure(error));
      }
      return left;
    },

    list: (prefix) => told('list its objects', () => listObjects(patient, Bucket, prefix)),

    listUnfinished: () =>
      told('list its unfinished uploads', async function* () {
        for await (const { key } of listUploads(patient, Bucket, '')) yield key;
      }),

    async url(key) {
      assertKey(key);
      if (publicUrl !== undefined) return `${base}/${key}`;
      return getSignedUrl(patient, new GetObjectCommand({ Bucket, Key: key }), { expiresIn: urlTtlSec });
    },

    async downloadUrl(key) {
      assertKey(key);
      // Signed also where the bucket is public: S3 refuses to change a header for a stranger.
      const ResponseContentDisposition = `attachment; filename="${key.slice(key.lastIndexOf('/') + 1)}"`;
      const command = new GetObjectCommand({ Bucket, Key: key, ResponseContentDisposition });
      return getSignedUrl(patient, command, { expiresIn: urlTtlSec });
    },

    address(key) {
      assertKey(key);
      return `${base}/${key}`;
    },

    async check() {
      await request(`take the test object ${PROBE_KEY}`, probe);
    },

    async close() {
      patient.destroy();
      hasty.destroy();
    },
  };
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

/** @throws the error itself where it is no failure of the store */
function asRemovalFailure(error: unknown): RecordingFailure {
  if (error instanceof RecordingFailure) return error;
  throw error;
}

/** R2 refuses to write over an object that a rule of the bucket keeps ("Bucket locks"): so it is there. */
function unlessKept(error: unknown): void {
  if ((error as Error).name !== 'ObjectLockedByBucketPolicy') throw error;
}
