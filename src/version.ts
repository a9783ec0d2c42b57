/** The version of package.json, which a compiled program cannot import from every folder. */
export const version = '0.2.0';

const numbersOf = (text: string) => (/^\d+(\.\d+)*/.exec(text)?.[0] ?? '').split('.').map(Number);

/** Whether a version is that one or a later one. Text behind the numbers does not count. */
export function isAtLeast(text: string, least: string): boolean {
  const [numbers, atLeast] = [numbersOf(text), numbersOf(least)];
  for (const [i, number] of atLeast.entries()) {
    const own = numbers[i] ?? 0;
    if (own !== number) return own > number;
  }
  return true;
}
