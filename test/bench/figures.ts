/** How the benches print: one line per figure, with its target or reference. */

export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((p / 100) * sorted.length) - 1)]!;
}

export function heading(text: string): void {
  console.log(`\n${text}`);
}

export function figure(name: string, value: string, target?: string): void {
  console.log(`  ${name.padEnd(58)} ${value.padStart(14)}${target ? `   (to reach: ${target})` : ''}`);
}

/** The given percentiles of times in milliseconds. */
export function percentiles(times: readonly number[], ...wanted: number[]): string {
  return wanted.map((p) => ms(percentile(times, p))).join(' / ');
}

/** Minimum, median and maximum. */
export function spread(values: readonly number[]): string {
  const three = [Math.min(...values), percentile(values, 50), Math.max(...values)];
  return three.map((value) => value.toFixed(0)).join(' / ');
}

export const ms = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
