import { findStartCode } from './nal-units.ts';

const mostSets = 32;

/**
 * Parameter sets from a track's description, where they are in base64 with commas between. Some cameras add start
 * codes, or put several into one text. What is no base64 is left out.
 * @param properties values of the `sprop-…` parameters that are present
 * @returns NAL units without start codes
 */
export function describedSets(properties: readonly (string | undefined)[]): Buffer[] {
  const sets: Buffer[] = [];
  for (const property of properties) {
    for (const text of property?.split(',') ?? [])
      sets.push(...nalUnitsIn(Buffer.from(text.trim(), 'base64')));
  }
  return sets.filter(({ length }) => length > 0).slice(0, mostSets);
}

function nalUnitsIn(bytes: Buffer): Buffer[] {
  const units: Buffer[] = [];
  for (let at = 0; ; ) {
    const code = findStartCode(bytes, at, bytes.length);
    let end = code < 0 ? bytes.length : code;
    while (end > at && bytes[end - 1] === 0) end--;
    units.push(bytes.subarray(at, end));
    if (code < 0) return units;
    at = code + 3;
  }
}
