/** Byte offsets, both inclusive as in HTTP. */
export interface ByteRange {
  first: number;
  last: number;
}

/**
 * Parses a Range field for a representation of `size` bytes (RFC 9110 §14.1.2 and §14.2).
 * @returns 'everything' if the field is to be ignored: it is malformed, has another unit, or has several ranges,
 *   which a server may ignore; 'unsatisfiable' if the answer is 416
 */
export function parseRange(
  field: string | undefined,
  size: number,
): ByteRange | 'everything' | 'unsatisfiable' {
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(field ?? '');
  if (!match) return 'everything';
  const [, from = '', to = ''] = match;
  if (from === '') return to === '' ? 'everything' : lastBytes(Number(to), size);
  const first = Number(from);
  if (to !== '' && Number(to) < first) return 'everything';
  if (first >= size) return 'unsatisfiable';
  return { first, last: to === '' ? size - 1 : Math.min(Number(to), size - 1) };
}

function lastBytes(length: number, size: number): ByteRange | 'everything' | 'unsatisfiable' {
  if (length === 0) return 'unsatisfiable';
  // A Content-Range cannot express a range of an empty object.
  if (size === 0) return 'everything';
  return { first: Math.max(0, size - length), last: size - 1 };
}
