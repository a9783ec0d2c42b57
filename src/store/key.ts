import { extname } from 'node:path';

/** S3's limit for a key, in bytes. Keys are ASCII here. */
const maxKeyBytes = 1024;

/**
 * Segments of letters, digits, `_`, `-` and dots; no segment begins with a dot. Such a key needs no escaping in a URL,
 * a path or a header.
 */
const keyPattern = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;

const contentTypes: Record<string, string> = {
  '.mp4': 'video/mp4',
  '.jpg': 'image/jpeg',
  '.vtt': 'text/vtt',
  '.m3u8': 'application/vnd.apple.mpegurl',
};

/** Whether the text is an object key. No segment begins with a dot, so that no key names `..` or an unfinished file. */
export function isKey(key: string): boolean {
  return key.length <= maxKeyBytes && keyPattern.test(key);
}

/** @throws Error if the text is no object key */
export function assertKey(key: string): void {
  if (isKey(key)) return;
  throw new Error(
    `"${key}" is not a key: expected segments of A-Z a-z 0-9 . _ - that begin with no dot, joined by "/".`,
  );
}

/** The media type of a key's extension. */
export function contentTypeOf(key: string): string {
  return contentTypes[extname(key)] ?? 'application/octet-stream';
}
