import type { RecordingFailure } from '../domain/failures.ts';
import type { FileRange } from '../domain/file-range.ts';

/** The interface of the stores for clips, posters and storyboards: a bucket or a local folder. */

/**
 * Bytes that can be read repeatedly and from any position: so transfers can be retried, and parts sent in parallel.
 * `read` yields exactly `to − from` bytes (`from` inclusive, `to` exclusive) or throws. If it gets a buffer of that
 * size, it may read into that buffer, and yield its pieces in their places.
 */
export interface ObjectBody {
  readonly size: number;
  /** The whole body, where it is in memory. */
  readonly buffer?: Buffer;
  read(from: number, to: number, into?: Buffer): AsyncIterable<Buffer>;
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

/** Called before bytes are sent. Resolves when this many of them may be sent. */
export type Pace = (bytes: number) => Promise<void>;

/** How an object or part is sent. An abort rejects with the signal's reason. */
export interface Transfer {
  readonly signal?: AbortSignal | undefined;
  /** undefined: no limit */
  readonly pace?: Pace | undefined;
  /** Whether the bucket's answer is enough. If not, the size of the stored object is looked up. */
  readonly isUnchecked?: boolean;
}

/** A part that the bucket has acknowledged. */
export interface SentPart {
  readonly bytes: number;
  readonly etag: string;
}

/** The bucket no longer has the upload, or cannot complete it. A new upload is needed, under another key. */
export class UploadGone extends Error {
  constructor(cause: unknown) {
    super('The upload is no longer in the bucket.', { cause });
    this.name = 'UploadGone';
  }
}

/**
 * A multipart upload. Parts may be sent in any order, also by another process; a part that is sent again replaces its
 * earlier version. All parts but the last need the same size, 5 MiB or more. After an error, the parts that were sent
 * stay in the bucket. Every method may throw UploadGone, and whatever a store's methods throw.
 */
export interface Upload {
  readonly id: string;
  /** When a rule of the bucket aborts the upload; undefined: the bucket named no such rule. */
  readonly abortsAt?: Date | undefined;
  /** @param number from 1 to 10,000 @returns the part's ETag */
  sendPart(number: number, bytes: Buffer, transfer: Transfer): Promise<string>;
  /** The parts that the bucket has; undefined if the credentials may not list them. */
  listParts(): Promise<ReadonlyMap<number, SentPart> | undefined>;
  /**
   * Makes the object from these parts. Resolves once the store has confirmed its size. If another process has
   * completed the upload, its object counts.
   */
  complete(parts: ReadonlyMap<number, SentPart>, transfer: Transfer): Promise<void>;
  /** Aborts the upload; one that no longer exists counts as aborted. */
  abort(): Promise<void>;
}

/** The metadata of an uploaded object: the installation that made it. */
export const installationMetadata = 'flashback-installation';

/** Uploads in parts, which only a bucket has. */
export interface Uploads {
  /** @param installation id of this installation, kept as the object's metadata */
  begin(key: string, contentType: string, installation: string, transfer: Transfer): Promise<Upload>;
  /** An upload that was begun earlier. Sends no request. */
  resume(key: string, id: string): Upload;
}

/** A small object as it was read. */
export interface GuardedObject {
  readonly bytes: Buffer;
  readonly etag: string;
  /** Milliseconds since the object was written, by the bucket's clock. */
  readonly ageMs: number;
}

/** Another process has written or removed the object since it was read. */
export class ObjectChanged extends Error {
  constructor(key: string, cause: unknown) {
    super(`Somebody else has changed ${key}.`, { cause });
    this.name = 'ObjectChanged';
  }
}

/**
 * Small objects that several processes may write. A write succeeds only if the object is still as it was read. Only a
 * bucket has them.
 */
export interface GuardedObjects {
  /** @returns undefined if there is no such object */
  read(key: string): Promise<GuardedObject | undefined>;
  /**
   * @param etag of the object as it was read; undefined: there must be none
   * @returns its new ETag
   * @throws ObjectChanged
   */
  write(key: string, bytes: Buffer, contentType: string, etag: string | undefined): Promise<string>;
}

/** An object to be removed, and its upload if that may be unfinished. */
export interface Removable {
  readonly key: string;
  readonly uploadId?: string | null;
}

/**
 * Every method throws RecordingFailure: STORE_UNREACHABLE (a retry may succeed), STORE_REFUSED (a person has to act) or
 * STORE_MISMATCH (the store holds other bytes than were sent). For an invalid key, it throws a plain Error.
 */
export interface Store {
  readonly kind: 's3' | 'local';

  /** undefined: this store takes objects only whole. */
  readonly uploads: Uploads | undefined;

  /** undefined: this store has only one writer. */
  readonly guarded: GuardedObjects | undefined;

  /**
   * Resolves once the object is durable and the store has confirmed its size. After a failure, the key holds either
   * the previous object or the complete new one. A bucket gets the object in one request, so all of it is in memory.
   * Errors of the body are passed on unchanged.
   */
  put(key: string, body: ObjectBody, contentType: string, transfer?: Transfer): Promise<void>;

  /** @returns undefined if there is no such object */
  stat(key: string): Promise<ObjectInfo | undefined>;

  /**
   * The bytes of an object, or of a range of it; throws at the first step if there is no such object. Ending early closes
   * what it reads.
   */
  read(key: string, range?: FileRange): AsyncIterable<Buffer>;

  /** Removes an object; one that does not exist is no error. */
  remove(key: string): Promise<void>;

  /**
   * Removes many objects, and unfinished transfers of their keys: those that are named and, if the credentials may
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
   * @param holder the key, token or machine that the link is given to. A link to the local store is valid only as long
   *   as the holder is; a link to a bucket is valid until it expires
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
