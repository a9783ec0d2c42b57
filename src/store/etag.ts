/**
 * A strong validator of a stored file (RFC 9110 §8.8.3): objects are replaced by rename, never changed in
 * place, so size and time of the last write in nanoseconds name one content.
 */
export function etagOf(file: { size: bigint; mtimeNs: bigint }): string {
  return `"${file.size.toString(16)}-${file.mtimeNs.toString(16)}"`;
}

/** Whether a field of If-None-Match covers the ETag; compared weakly, as RFC 9110 §13.1.2 says for GET. */
export function matchesAny(field: string, etag: string): boolean {
  if (field.trim() === '*') return true;
  return field.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag);
}
