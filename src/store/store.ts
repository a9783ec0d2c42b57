import type { RecordingFailure } from '../domain/failures.ts';

/** Where clips and posters live: a bucket or a local folder, behind the same verbs. */

/**
 * Bytes that can be read again from any position, so that a failed transfer can be repeated and parts can be
 * sent side by side. `read` gives exactly `to − from` bytes, `from` inclusive, `to` exclusive, or throws.
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

/** What a listing says of an object. */
export interface StoredObject {
  readonly key: string;
  /** in bytes */
  readonly size: number;
}

/**
 * Every method throws RecordingFailure with STORE_UNREACHABLE (trying again may help), STORE_REFUSED (a
 * person must act) or STORE_MISMATCH (the store holds something else than was sent). An invalid key is a
 * plain Error.
 */
export interface Store {
  readonly kind: 's3' | 'local';

  /**
   * Resolves once the object is durable and the store has answered with the body's size. When it fails, under
   * the key is what was there before, or the whole object; parts that a bucket has taken are kept there for the
   * next put of the same key and size, also by another process (removeAll takes them away). An abort rejects
   * with the signal's reason. Errors of the body itself are passed on as they are.
   */
  put(key: string, body: ObjectBody, contentType: string, signal?: AbortSignal): Promise<void>;

  /** undefined: there is no such object. */
  stat(key: string): Promise<ObjectInfo | undefined>;

  /** Removing what is not there is fine. */
  remove(key: string): Promise<void>;

  /**
   * Removes many objects, and whatever was begun under these keys and never finished.
   * @returns the keys that were not removed, with why; a store that does not answer is not asked for the others
   */
  removeAll(keys: readonly string[]): Promise<ReadonlyMap<string, RecordingFailure>>;

  /** Every object whose key begins with `prefix`. */
  list(prefix: string): AsyncIterable<StoredObject>;

  /** Keys of transfers that were begun and never finished: uploads in parts, half-written files. */
  listUnfinished(): AsyncIterable<string>;

  /**
   * Where a client can fetch the object now; presigned where the bucket is private.
   * @param holder what the link is given to: the local store's ends with it; a bucket knows none
   */
  url(key: string, holder?: string): Promise<string>;

  /** The same, for a browser that is to save the object instead of playing it. */
  downloadUrl(key: string, holder?: string): Promise<string>;

  /** The object's address without a signature, kept in the row. */
  address(key: string): string;

  /** Proves, by writing a test object, that the store takes objects, within seconds; throws RecordingFailure if not. */
  check(): Promise<void>;

  close(): Promise<void>;
}
