import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { RecordingFailure } from '../domain/failures.ts';
import { attachment } from './attachment.ts';
import { readPart } from './body.ts';
import { assertKey } from './key.ts';
import { createS3Client, type Patience, type S3Access } from './s3-client.ts';
import { isRequestError, s3Failure, statusOf } from './s3-failure.ts';
import { readGuarded, writeGuarded } from './s3-guarded.ts';
import { listObjects, listUploads, uploadsThatShow } from './s3-listing.ts';
import { createSender } from './s3-put.ts';
import { readObject } from './s3-read.ts';
import { abortUpload } from './s3-upload.ts';
import { uploadsIn } from './s3-uploads.ts';
import type { ObjectBody, ObjectInfo, Removable, Store, Transfer } from './store.ts';

export interface S3StoreOptions extends S3Access {
  bucket: string;
  /** Public base URL of the bucket's objects; without it links are presigned. */
  publicUrl?: string;
  /** Lifetime of presigned links, in seconds. */
  urlTtlSec: number;
  /** The limits of transfers. Checks have limits of their own, and take only a few seconds. */
  patience?: Patience;
}

/** The retries of a request wait 2 s on average, all together. After a longer outage, the caller tries again. */
const transferPatience: Patience = { attempts: 5, connectMs: 10_000, silenceMs: 30_000 };
const checkPatience: Patience = { attempts: 2, connectMs: 2_000, silenceMs: 4_000 };

const removedAtOnce = 8;

/** The test object. Writing an object needs no rights beyond those on objects. */
const testObjectKey = 'flashback-check';

/** A store in a bucket at R2 or any S3-compatible service. `endpoint` has no path; requests use path style. */
export function createS3Store(options: S3StoreOptions): Store {
  const { bucket: Bucket, endpoint, publicUrl, urlTtlSec } = options;
  const client = createS3Client(options, options.patience ?? transferPatience);
  const sender = createSender(options, Bucket, options.patience ?? transferPatience);
  const hasty = createSender(options, Bucket, checkPatience);
  const bucketName = { bucket: Bucket, host: new URL(endpoint).host };
  const base = withoutSlash(publicUrl ?? `${withoutSlash(endpoint)}/${Bucket}`);

  /** Runs requests. Their errors become failures that name the `task`, which completes "… could not …". */
  async function request<T>(task: string, requests: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await requests();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw isRequestError(error) ? s3Failure(bucketName, task, error) : error;
    }
  }

  /** Like `request`, for a listing. */
  async function* requestList<T>(task: string, listing: () => AsyncGenerator<T>): AsyncGenerator<T> {
    try {
      yield* listing();
    } catch (error) {
      throw isRequestError(error) ? s3Failure(bucketName, task, error) : error;
    }
  }

  async function putWhole(key: string, body: ObjectBody, contentType: string, transfer: Transfer) {
    const bytes = body.buffer ?? (await readPart(body, { from: 0, to: body.size }));
    await sender.put({ Key: key, headers: { 'content-type': contentType } }, bytes, transfer);
  }

  async function head(key: string): Promise<ObjectInfo | undefined> {
    try {
      const answer = await client.send(new HeadObjectCommand({ Bucket, Key: key }));
      return {
        size: answer.ContentLength ?? 0,
        contentType: answer.ContentType ?? '',
        etag: answer.ETag ?? '',
      };
    } catch (error) {
      // An answer to HEAD has no body, so a missing bucket looks like a missing object.
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async function expectSize(key: string, size: number): Promise<void> {
    const stored = await request(`say what it holds under ${key}`, () => head(key));
    if (stored?.size === size) return;
    const held = stored ? `${stored.size} bytes` : 'nothing';
    const where = `The bucket "${Bucket}" at ${bucketName.host}`;
    const message = `${where} holds ${held} under ${key}; expected ${size} bytes.`;
    throw new RecordingFailure('STORE_MISMATCH', message);
  }

  async function putTestObject(): Promise<void> {
    const object = { Key: testObjectKey, headers: { 'content-type': 'text/plain' } };
    await hasty.put(object, Buffer.from('ok'), {}).catch(ignoreLocked);
  }

  return {
    kind: 's3',

    uploads: uploadsIn({
      ...{ client, sender, Bucket, request, expectSize },
      sizeOf: async (key) => (await head(key))?.size,
    }),

    guarded: {
      read: (key) => request(`give ${key}`, () => readGuarded(client, { Bucket, Key: key })),
      write: (key, bytes, contentType, etag) =>
        request(`store ${key}`, () => writeGuarded(sender, key, bytes, contentType, etag)),
    },

    async put(key, body, contentType, transfer = {}) {
      assertKey(key);
      transfer.signal?.throwIfAborted();
      const send = () => putWhole(key, body, contentType, transfer);
      // An earlier try may have stored the object although its answer was lost. A rule of the bucket may then lock it.
      await request(`store ${key}`, () => send().catch(ignoreLocked), transfer.signal);
      if (!transfer.isUnchecked) await expectSize(key, body.size);
    },

    async stat(key) {
      assertKey(key);
      return request(`say what it holds under ${key}`, () => head(key));
    },

    read(key, range) {
      assertKey(key);
      return requestList(`give ${key}`, () => readObject(client, { Bucket, Key: key }, range));
    },

    async remove(key) {
      assertKey(key);
      await request(`remove ${key}`, () => client.send(new DeleteObjectCommand({ Bucket, Key: key })));
    },

    async removeAll(objects) {
      for (const { key } of objects) assertKey(key);
      const left = new Map<string, RecordingFailure>();
      const remove = (key: string, requests: () => Promise<unknown>) =>
        request(`remove ${key}`, requests).catch((error) => left.set(key, asRemovalFailure(error)));
      const removeOne = async ({ key: Key, uploadId }: Removable) => {
        if (uploadId) await abortUpload(client, Bucket, { key: Key, uploadId });
        await client.send(new DeleteObjectCommand({ Bucket, Key }));
      };
      // One request per object: not every S3-compatible store has DeleteObjects.
      for (let at = 0; at < objects.length; at += removedAtOnce) {
        const away = [...left.values()].find(({ code }) => code === 'STORE_UNREACHABLE');
        if (away) {
          for (const { key } of objects.slice(at)) left.set(key, away);
          return left;
        }
        const some = objects.slice(at, at + removedAtOnce);
        await Promise.all(some.map((object) => remove(object.key, () => removeOne(object))));
      }
      const gone = new Set(objects.map(({ key }) => key).filter((key) => !left.has(key)));
      try {
        const begun = await request('list its unfinished uploads', () => uploadsThatShow(client, Bucket, ''));
        for (const upload of begun.filter(({ key }) => gone.has(key))) {
          await remove(upload.key, () => abortUpload(client, Bucket, upload));
        }
      } catch (error) {
        for (const key of gone) left.set(key, asRemovalFailure(error));
      }
      return left;
    },

    list: (prefix) => requestList('list its objects', () => listObjects(client, Bucket, prefix)),

    listUnfinished: () =>
      requestList('list its unfinished uploads', async function* () {
        for await (const { key } of listUploads(client, Bucket, '')) yield key;
      }),

    async url(key) {
      assertKey(key);
      if (publicUrl !== undefined) return `${base}/${key}`;
      return getSignedUrl(client, new GetObjectCommand({ Bucket, Key: key }), { expiresIn: urlTtlSec });
    },

    async downloadUrl(key, name) {
      assertKey(key);
      // Signed even if the bucket is public: S3 sets response headers only for signed requests.
      const command = new GetObjectCommand({
        Bucket,
        Key: key,
        ResponseContentDisposition: attachment(name),
      });
      return getSignedUrl(client, command, { expiresIn: urlTtlSec });
    },

    address(key) {
      assertKey(key);
      return `${base}/${key}`;
    },

    async check() {
      await request(`take the test object ${testObjectKey}`, putTestObject);
    },

    async close() {
      client.destroy();
      hasty.destroy();
      sender.destroy();
    },
  };
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

/** @throws the error itself if it is not a failure of the store */
function asRemovalFailure(error: unknown): RecordingFailure {
  if (error instanceof RecordingFailure) return error;
  throw error;
}

/**
 * R2 refuses to overwrite an object that a rule of the bucket locks ("Bucket locks"). In that case the object exists.
 */
function ignoreLocked(error: unknown): void {
  if ((error as Error).name !== 'ObjectLockedByBucketPolicy') throw error;
}
