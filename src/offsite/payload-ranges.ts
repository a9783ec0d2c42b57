/** A byte range of the payload, `from` inclusive, `to` exclusive. */
export interface PayloadRange {
  readonly from: number;
  readonly to: number;
}

export const sortedRanges = <Range extends PayloadRange>(ranges: readonly Range[]): Range[] =>
  [...ranges].sort((a, b) => a.from - b.from);

/** @returns the byte up to which the ranges cover the payload from byte `from` on, without a hole */
export function coveredUpTo(ranges: readonly PayloadRange[], from = 0): number {
  let covered = from;
  for (const range of sortedRanges(ranges)) if (range.from <= covered) covered = Math.max(covered, range.to);
  return covered;
}
