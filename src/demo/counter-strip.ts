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
const cellCount = 24;
const counterBits = 18;
const checkBits = 4;
const checkModulus = 13;

/** The counter is drawn modulo this number: 4 h 51 min at 15 frames per second. */
export const counterLimit = 2 ** counterBits;

/** How much a cell must differ from middle grey to count as black or white, of 255. */
const minContrast = 32;

const blackColour = colour('#000000');
const whiteColour = colour('#ffffff');

/**
 * The height of the strip in a picture of this width, both in pixels. At a width of 640 it is one macroblock of H.264.
 */
export function stripHeight(width: number): number {
  return Math.max(4, Math.round(width / 40));
}

export function drawCounterStrip(canvas: Canvas, counter: number): void {
  const cellWidth = canvas.width / cellCount;
  for (const [cell, isWhite] of cellsOf(counter % counterLimit).entries()) {
    const left = Math.round(cell * cellWidth);
    const right = Math.round((cell + 1) * cellWidth);
    fillRect(canvas, left, 0, right - left, stripHeight(canvas.width), isWhite ? whiteColour : blackColour);
  }
}

/**
 * Reads the counter from a grayscale picture (one byte per pixel) at any scale. The picture needs to have only the rows
 * of the strip. Returns undefined if there is no strip, or if it is damaged.
 */
export function readCounter(gray: Buffer, width: number, height: number): number | undefined {
  const levels = Array.from({ length: cellCount }, (_, cell) => levelOf(gray, width, height, cell));
  if (levels.some((level) => Math.abs(level - 127.5) < minContrast)) return undefined;
  const isWhite = levels.map((level) => level > 127.5);
  const counter = numberIn(isWhite.slice(1, 1 + counterBits));
  const expected = cellsOf(counter);
  return isWhite.every((white, cell) => white === expected[cell]) ? counter : undefined;
}

function cellsOf(counter: number): boolean[] {
  const check = (counter % checkModulus) + 1;
  return [true, ...bitsOf(counter, counterBits), ...bitsOf(check, checkBits), false];
}

function bitsOf(value: number, count: number): boolean[] {
  return Array.from({ length: count }, (_, bit) => Math.floor(value / 2 ** bit) % 2 === 1);
}

function numberIn(bits: readonly boolean[]): number {
  return bits.reduce((sum, isSet, bit) => sum + (isSet ? 2 ** bit : 0), 0);
}

/** The mean of the middle of a cell, because edges blur when a picture is compressed or scaled. */
function levelOf(gray: Buffer, width: number, height: number, cell: number): number {
  const rows = Math.min(height, stripHeight(width));
  const fromRow = Math.floor(rows / 4);
  const toRow = Math.max(fromRow + 1, Math.floor((rows * 3) / 4));
  const fromColumn = Math.floor(((cell + 0.25) * width) / cellCount);
  const toColumn = Math.max(fromColumn + 1, Math.floor(((cell + 0.75) * width) / cellCount));
  let sum = 0;
  for (let row = fromRow; row < toRow; row++) {
    for (let column = fromColumn; column < toColumn; column++) sum += gray[row * width + column] ?? 127;
  }
  return sum / ((toRow - fromRow) * (toColumn - fromColumn));
}
