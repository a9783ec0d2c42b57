import { type Canvas, type Colour, fillRect } from './canvas.ts';

/** The width of a cell per unit of its height. Segments are a seventh of the height thick. */
const cellAspect = 0.54;
const gapAspect = 0.16;
const pointAspect = 0.16;

/** Which of the seven segments, a to g (clockwise from the top, then the middle), each character lights. */
const segmentsOfSign: Readonly<Record<string, string>> = {
  '0': 'abcdef',
  '1': 'bc',
  '2': 'abdeg',
  '3': 'abcdg',
  '4': 'bcfg',
  '5': 'acdfg',
  '6': 'acdefg',
  '7': 'abc',
  '8': 'abcdefg',
  '9': 'abcdfg',
  '-': 'g',
};

/** Left, top, width and height of each segment as shares of the cell's width and height. */
const segmentPlaces: Readonly<
  Record<string, readonly [x: number, y: number, width: number, height: number]>
> = {
  a: [0, 0, 1, 1 / 7],
  b: [0.74, 0, 0.26, 4 / 7],
  c: [0.74, 3 / 7, 0.26, 4 / 7],
  d: [0, 6 / 7, 1, 1 / 7],
  e: [0, 3 / 7, 0.26, 4 / 7],
  f: [0, 0, 0.26, 4 / 7],
  g: [0, 3 / 7, 1, 1 / 7],
};

/** The width of the text that `drawDigits` draws, in pixels. */
export function digitsWidth(text: string, height: number): number {
  return [...text].reduce((sum, sign) => sum + advance(sign, height), -gapAspect * height);
}

/** Draws digits, `:`, `.`, `-` and spaces with seven segments, without a font. */
export function drawDigits(
  canvas: Canvas,
  text: string,
  x: number,
  y: number,
  height: number,
  paint: Colour,
): void {
  let left = x;
  for (const sign of text) {
    drawSign(canvas, sign, left, y, height, paint);
    left += advance(sign, height);
  }
}

function advance(sign: string, height: number): number {
  return ((isPoint(sign) ? pointAspect : cellAspect) + gapAspect) * height;
}

function isPoint(sign: string): boolean {
  return sign === ':' || sign === '.';
}

function drawSign(canvas: Canvas, sign: string, x: number, y: number, height: number, paint: Colour): void {
  if (isPoint(sign)) {
    const size = pointAspect * height;
    fillRect(canvas, x, y + height - size, size, size, paint);
    if (sign === ':') fillRect(canvas, x, y + height * 0.25, size, size, paint);
    return;
  }
  const width = cellAspect * height;
  for (const segment of segmentsOfSign[sign] ?? '') {
    const [left, top, across, down] = segmentPlaces[segment]!;
    fillRect(canvas, x + left * width, y + top * height, across * width, down * height, paint);
  }
}
