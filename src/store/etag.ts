/**
 * The strong ETag of a stored file (RFC 9110 §8.8.3). Objects are replaced by rename and never changed in place, so the
 * size and the time of the last write, in nanoseconds, identify the content.
 */
export function etagOf(file: { size: bigint; mtimeNs: bigint }): string {
  return `"${file.size.toString(16)}-${file.mtimeNs.toString(16)}"`;
}

/** Whether an If-None-Match field matches the ETag. The comparison is weak, as RFC 9110 §13.1.2 says for GET. */
export function matchesAny(field: string, etag: string): boolean {
  if (field.trim() === '*') return true;
  return field.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag);
}
