import { type Canvas, colour, fillRect } from './canvas.ts';

/*
 * The frame counter as a strip of black and white cells along the top edge, for programs to read:
 *
 *   cell 0        white  } tell black from white, and a picture without a strip
 *   cell 23       black  }
 *   cells 1–18    the counter, lowest bit first
 *   cells 19–22   counter modulo 13, plus 1, lowest bit first
 *
 * No power of two is a multiple of 13, so one misread cell never passes the check, and an all-black
 * or all-white strip is not a counter.
 */
const CELLS = 24;
const COUNTER_BITS = 18;
const CHECK_BITS = 4;
const CHECK_MODULUS = 13;

/** Counters are drawn modulo this: 4 h 51 min at 15 frames per second. */
export const COUNTER_LIMIT = 2 ** COUNTER_BITS;

/** How far a cell must be from the middle grey to count as black or white, of 255. */
const MIN_CONTRAST = 32;

const BLACK = colour('#000000');
const WHITE = colour('#ffffff');

/** Height of the strip in a picture of this width, both in pixels; at 640 it is one macroblock of H.264. */
export function stripHeight(width: number): number {
  return Math.max(4, Math.round(width / 40));
}

export function drawCounterStrip(canvas: Canvas, counter: number): void {
  const cellWidth = canvas.width / CELLS;
  for (const [cell, isWhite] of cellsOf(counter % COUNTER_LIMIT).entries()) {
    const left = Math.round(cell * cellWidth);
    const right = Math.round((cell + 1) * cellWidth);
    fillRect(canvas, left, 0, right - left, stripHeight(canvas.width), isWhite ? WHITE : BLACK);
  }
}

/**
 * The counter in a grayscale picture (one byte per pixel) of which at least the strip's rows are there,
 * at any scale. Undefined if there is no strip, or if it is damaged.
 */
export function readCounter(gray: Buffer, width: number, height: number): number | undefined {
  const levels = Array.from({ length: CELLS }, (_, cell) => levelOf(gray, width, height, cell));
  if (levels.some((level) => Math.abs(level - 127.5) < MIN_CONTRAST)) return undefined;
  const isWhite = levels.map((level) => level > 127.5);
  const counter = numberIn(isWhite.slice(1, 1 + COUNTER_BITS));
  const expected = cellsOf(counter);
  return isWhite.every((white, cell) => white === expected[cell]) ? counter : undefined;
}

function cellsOf(counter: number): boolean[] {
  const check = (counter % CHECK_MODULUS) + 1;
  return [true, ...bitsOf(counter, COUNTER_BITS), ...bitsOf(check, CHECK_BITS), false];
}

function bitsOf(value: number, count: number): boolean[] {
  return Array.from({ length: count }, (_, bit) => Math.floor(value / 2 ** bit) % 2 === 1);
}

function numberIn(bits: readonly boolean[]): number {
  return bits.reduce((sum, isSet, bit) => sum + (isSet ? 2 ** bit : 0), 0);
}

/** Mean of the middle of a cell: its edges blur when a picture is compressed or scaled. */
function levelOf(gray: Buffer, width: number, height: number, cell: number): number {
  const rows = Math.min(height, stripHeight(width));
  const fromRow = Math.floor(rows / 4);
  const toRow = Math.max(fromRow + 1, Math.floor((rows * 3) / 4));
  const fromColumn = Math.floor(((cell + 0.25) * width) / CELLS);
  const toColumn = Math.max(fromColumn + 1, Math.floor(((cell + 0.75) * width) / CELLS));
  let sum = 0;
  for (let row = fromRow; row < toRow; row++) {
    for (let column = fromColumn; column < toColumn; column++) sum += gray[row * width + column] ?? 127;
  }
  return sum / ((toRow - fromRow) * (toColumn - fromColumn));
}
