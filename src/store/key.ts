import { extname } from 'node:path';

/** S3's limit for a key, in bytes; our keys are ASCII. */
const MAX_KEY_LENGTH = 1024;

/** Segments of letters, digits, `_`, `-` and inner dots: needs no escaping in a URL, a path or a header. */
const KEY = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;

const CONTENT_TYPES: Record<string, string> = {
  '.mp4': 'video/mp4',
  '.jpg': 'image/jpeg',
  '.m3u8': 'application/vnd.apple.mpegurl',
};

/** No segment can begin with a dot, so neither `..` nor the local store's unfinished files can be named. */
export function isKey(key: string): boolean {
  return key.length <= MAX_KEY_LENGTH && KEY.test(key);
}

/** @throws Error for a key that a store must not be asked for */
export function assertKey(key: string): void {
  if (isKey(key)) return;
  throw new Error(
    `"${key}" is not a key: expected segments of A-Z a-z 0-9 . _ - that begin with no dot, joined by "/".`,
  );
}

/** The media type that a key's extension stands for. */
export function contentTypeOf(key: string): string {
  return CONTENT_TYPES[extname(key)] ?? 'application/octet-stream';
}
