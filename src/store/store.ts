/** Where clips and posters live: a bucket or a local folder, behind the same six verbs. */

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

/**
 * Every method throws RecordingFailure with STORE_UNREACHABLE (trying again may help), STORE_REFUSED (a
 * person must act) or STORE_MISMATCH (the store holds something else than was sent). An invalid key is a
 * plain Error.
 */
export interface Store {
  readonly kind: 's3' | 'local';

  /**
   * Resolves once the object is durable and the store has answered with the body's size. A put that fails
   * leaves nothing half-written: under the key is what was there before, or the whole object. An abort
   * rejects with the signal's reason. Errors of the body itself are passed on as they are.
   */
  put(key: string, body: ObjectBody, contentType: string, signal?: AbortSignal): Promise<void>;

  /** undefined: there is no such object. */
  stat(key: string): Promise<ObjectInfo | undefined>;

  /** Removing what is not there is fine. */
  remove(key: string): Promise<void>;

  /** Where a client can fetch the object now; presigned where the bucket is private. */
  url(key: string): Promise<string>;

  /** The object's address without a signature, kept in the row. */
  address(key: string): string;

  /** Proves that the store can be reached and written to, within seconds; throws RecordingFailure if not. */
  check(): Promise<void>;

  close(): Promise<void>;
}
