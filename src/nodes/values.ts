/**
 * Values between nodes: JSON in which dates and big integers keep their types. A date or a big integer is written as an
 * object with one of these keys. An object that has such a key itself, as an event's metadata may, is written as a list
 * of its entries.
 */
const kinds = ['$date', '$bigint', '$entries'];

export const encodeValue = (value: unknown): string =>
  JSON.stringify(value, function (this: Record<string, unknown>, key, given: unknown) {
    // JSON.stringify has already turned a date into text; `this` still has the date.
    const held = this[key];
    if (held instanceof Date) return { $date: held.toISOString() };
    if (typeof given === 'bigint') return { $bigint: `${given}` };
    const isMistakable = isObject(given) && kinds.some((kind) => Object.hasOwn(given, kind));
    return isMistakable ? { $entries: Object.entries(given) } : given;
  }) ?? 'null';

/** @throws SyntaxError if it is no JSON */
export const decodeValue = (text: string): unknown =>
  JSON.parse(text, (_key, value: unknown) => {
    if (!isObject(value)) return value;
    if (Object.hasOwn(value, '$date')) return new Date(value['$date'] as string);
    if (Object.hasOwn(value, '$bigint')) return BigInt(value['$bigint'] as string);
    return Object.hasOwn(value, '$entries') ? Object.fromEntries(value['$entries'] as []) : value;
  });

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
