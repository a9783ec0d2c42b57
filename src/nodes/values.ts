/** Values between nodes: JSON, in which dates and big integers keep their types. */

export const encodeValue = (value: unknown): string =>
  JSON.stringify(value, function (this: Record<string, unknown>, key, given: unknown) {
    // Dates have become text by now; `this` still has the date.
    const held = this[key];
    if (held instanceof Date) return { $date: held.toISOString() };
    return typeof given === 'bigint' ? { $bigint: `${given}` } : given;
  }) ?? 'null';

/** @throws SyntaxError if it is no JSON */
export const decodeValue = (text: string): unknown =>
  JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    const { $date, $bigint } = value as { $date?: unknown; $bigint?: unknown };
    if (typeof $date === 'string') return new Date($date);
    return typeof $bigint === 'string' ? BigInt($bigint) : value;
  });
