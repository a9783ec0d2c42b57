/** How the benches print: one line per figure, with what it is held against. */

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

export const ms = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
