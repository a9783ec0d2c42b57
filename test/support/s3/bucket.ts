import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { S3Error } from './s3-error.ts';

const minPartBytes = 5 * 1024 * 1024;
const maxParts = 10_000;

/** Bytes on disk: the body of a put, or one part of an upload. */
export interface Piece {
  path: string;
  size: number;
  md5: Buffer;
}

export interface StoredObject {
  pieces: Piece[];
  size: number;
  /** without quotes */
  etag: string;
  /** content-type and the like, as sent */
  headers: Record<string, string>;
  modified: Date;
}

export interface OpenUpload {
  id: string;
  key: string;
  headers: Record<string, string>;
  parts: Map<number, Piece>;
}

/** A bucket whose bytes are files in `dir`, with R2's rules for uploads in parts. */
export class Bucket {
  readonly name: string;
  readonly objects = new Map<string, StoredObject>();
  readonly uploads = new Map<string, OpenUpload>();
  /** When a rule of the bucket aborts new uploads; only announced, not done. */
  abortsAt: Date | undefined;
  readonly #dir: string;

  constructor(name: string, dir: string) {
    this.name = name;
    this.#dir = dir;
  }

  /** Stores bytes. They are removed again if `fill` fails. */
  async takePiece(
    fill: (write: (chunk: Buffer) => Promise<unknown>) => Promise<{ size: number; md5: Buffer }>,
  ): Promise<Piece> {
    const path = join(this.#dir, randomUUID());
    const file = await open(path, 'w');
    try {
      return { path, ...(await fill((chunk) => file.writeFile(chunk))) };
    } catch (error) {
      await rm(path);
      throw error;
    } finally {
      await file.close();
    }
  }

  async put(key: string, pieces: Piece[], headers: Record<string, string>, etag: string): Promise<void> {
    await this.remove(key);
    const size = pieces.reduce((sum, piece) => sum + piece.size, 0);
    this.objects.set(key, { pieces, size, etag, headers, modified: new Date() });
  }

  object(key: string): StoredObject {
    const found = this.objects.get(key);
    if (!found) throw new S3Error(404, 'NoSuchKey');
    return found;
  }

  async remove(key: string): Promise<void> {
    const found = this.objects.get(key);
    this.objects.delete(key);
    for (const piece of found?.pieces ?? []) await rm(piece.path, { force: true });
  }

  /** An object's bytes, `from` inclusive, `to` exclusive. */
  async *read(object: StoredObject, from: number, to: number): AsyncGenerator<Buffer> {
    let start = 0;
    for (const { path, size } of object.pieces) {
      const first = Math.max(from - start, 0);
      const last = Math.min(to - start, size) - 1;
      if (first <= last) yield* createReadStream(path, { start: first, end: last });
      start += size;
    }
  }

  begin(key: string, headers: Record<string, string>): OpenUpload {
    const upload = { id: randomUUID(), key, headers, parts: new Map() };
    this.uploads.set(upload.id, upload);
    return upload;
  }

  upload(id: string, key: string): OpenUpload {
    const found = this.uploads.get(id);
    if (found?.key !== key) throw new S3Error(404, 'NoSuchUpload');
    return found;
  }

  async setPart(upload: OpenUpload, number: number, piece: Piece): Promise<void> {
    const before = upload.parts.get(number);
    upload.parts.set(number, piece);
    if (before) await rm(before.path);
  }

  async complete(upload: OpenUpload, listed: { number: number; etag: string }[]): Promise<StoredObject> {
    const pieces = listed.map(({ number, etag }) => {
      const piece = upload.parts.get(number);
      if (piece?.md5.toString('hex') !== etag)
        throw new S3Error(400, 'InvalidPart', `part ${number} is not there`);
      return piece;
    });
    assertOrder(listed);
    assertSizes(pieces);
    const md5 = createHash('md5').update(Buffer.concat(pieces.map((piece) => piece.md5)));
    await this.put(upload.key, pieces, upload.headers, `${md5.digest('hex')}-${pieces.length}`);
    await this.#forget(upload, new Set(pieces));
    return this.object(upload.key);
  }

  async abort(upload: OpenUpload): Promise<void> {
    await this.#forget(upload, new Set());
  }

  async #forget(upload: OpenUpload, kept: Set<Piece>): Promise<void> {
    this.uploads.delete(upload.id);
    for (const piece of upload.parts.values()) if (!kept.has(piece)) await rm(piece.path);
  }
}

export function assertPartNumber(number: number): void {
  if (Number.isInteger(number) && number >= 1 && number <= maxParts) return;
  throw new S3Error(
    400,
    'InvalidArgument',
    `Part number must be an integer between 1 and ${maxParts}, inclusive`,
  );
}

function assertOrder(listed: { number: number }[]): void {
  if (listed.length === 0) throw new S3Error(400, 'MalformedXML');
  const isAscending = listed.every(({ number }, i) => i === 0 || number > listed[i - 1]!.number);
  if (!isAscending) throw new S3Error(400, 'InvalidPartOrder');
}

/** developers.cloudflare.com/r2/objects/multipart-objects. S3 itself does not require equal parts. */
function assertSizes(pieces: Piece[]): void {
  const size = pieces[0]!.size;
  const leading = pieces.slice(0, -1);
  if (leading.some((piece) => piece.size < minPartBytes)) throw new S3Error(400, 'EntityTooSmall');
  if (leading.some((piece) => piece.size !== size) || pieces.at(-1)!.size > size) {
    throw new S3Error(400, 'InvalidPart', 'All non-trailing parts must have the same length.');
  }
}
