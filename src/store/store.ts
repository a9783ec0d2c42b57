import type { RecordingFailure } from '../domain/failures.ts';

/** The interface of the stores for clips and posters: a bucket or a local folder. */

/**
 * Bytes that can be read repeatedly and from any position, so that transfers can be retried and parts sent in parallel.
 * `read` yields exactly `to − from` bytes (`from` inclusive, `to` exclusive) or throws.
 */
export interface ObjectBody {
  readonly size: number;
  read(from: number, to: number): AsyncIterable<Buffer>;
}

export interface ObjectInfo {
  /** in bytes */
  size: number;
  contentType: string;
  /** quoted, as HTTP writes it */
  etag: string;
}

/** An entry of a listing. */
export interface StoredObject {
  readonly key: string;
  /** in bytes */
  readonly size: number;
}

/** An object to be removed, and its upload where that may be unfinished. */
export interface Removable {
  readonly key: string;
  readonly uploadId?: string | null;
}

/**
 * Every method throws RecordingFailure with STORE_UNREACHABLE (a retry may succeed), STORE_REFUSED (a person has to act)
 * or STORE_MISMATCH (the store holds something else than was sent); for an invalid key, a plain Error.
 */
export interface Store {
  readonly kind: 's3' | 'local';

  /**
   * Resolves once the object is durable and the store has confirmed its size. After a failure, the key holds either the
   * previous object or the whole new one. Parts that the bucket has stored stay there for the next put of the same key
   * and size, also by another process; removeAll removes them. An abort rejects with the signal's reason. Errors of the
   * body are passed on unchanged.
   */
  put(key: string, body: ObjectBody, contentType: string, signal?: AbortSignal): Promise<void>;

  /** @returns undefined if there is no such object */
  stat(key: string): Promise<ObjectInfo | undefined>;

  /** Removes an object; one that does not exist is no error. */
  remove(key: string): Promise<void>;

  /**
   * Removes many objects, and unfinished transfers of these keys: those that are named and, where the credentials may
   * list them, all others. Stops as soon as the store does not answer.
   * @returns the keys that were not removed, with the reasons
   */
  removeAll(objects: readonly Removable[]): Promise<ReadonlyMap<string, RecordingFailure>>;

  /** Every object whose key begins with `prefix`. */
  list(prefix: string): AsyncIterable<StoredObject>;

  /** Keys of unfinished transfers: multipart uploads, partly written files. */
  listUnfinished(): AsyncIterable<string>;

  /**
   * A link to the object; presigned if the bucket is private.
   * @param holder the key, token or machine that the link is given to. The local store's links end with the holder; a
   * bucket's do not
   */
  url(key: string, holder?: string): Promise<string>;

  /** Like `url`, but browsers save the object under this name instead of playing it. */
  downloadUrl(key: string, name: string, holder?: string): Promise<string>;

  /** The object's address without a signature, kept in the row. */
  address(key: string): string;

  /** Writes a test object. Takes a few seconds at most. @throws RecordingFailure if the store takes no objects */
  check(): Promise<void>;

  close(): Promise<void>;
}
