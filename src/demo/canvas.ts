/** One yuv420p frame to draw on. */
export interface Canvas {
  /** Even numbers of pixels. */
  width: number;
  height: number;
  /** The luma plane, then the two chroma planes at half width and height. */
  data: Buffer;
}

export type Colour = readonly [luma: number, blue: number, red: number];

const blackLuma = 16;
const noChroma = 128;

/** A black canvas. */
export function createCanvas(width: number, height: number): Canvas {
  if (!isEven(width) || !isEven(height)) {
    throw new RangeError(`A yuv420p picture needs an even width and height above 0, not ${width}x${height}.`);
  }
  const data = Buffer.alloc((width * height * 3) / 2, noChroma);
  data.fill(blackLuma, 0, width * height);
  return { width, height, data };
}

/**
 * Converts `#rrggbb` to BT.601 limited range, which decoders assume for a small picture that states no colour space.
 */
export function colour(hex: string): Colour {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  return [
    16 + 65.481 * r + 128.553 * g + 24.966 * b,
    128 - 37.797 * r - 74.203 * g + 112 * b,
    128 + 112 * r - 93.786 * g - 18.214 * b,
  ];
}

export function mix(from: Colour, to: Colour, share: number): Colour {
  return [blend(from[0], to[0], share), blend(from[1], to[1], share), blend(from[2], to[2], share)];
}

/** Pixels outside the canvas are ignored. Fractions are rounded. */
export function fillRect(
  canvas: Canvas,
  x: number,
  y: number,
  width: number,
  height: number,
  paint: Colour,
  opacity = 1,
): void {
  const bottom = Math.min(canvas.height, Math.round(y + height));
  for (let row = Math.max(0, Math.round(y)); row < bottom; row++) {
    fillSpan(canvas, row, x, x + width, paint, opacity);
  }
}

export function fillEllipse(
  canvas: Canvas,
  centreX: number,
  centreY: number,
  radiusX: number,
  radiusY: number,
  paint: Colour,
  opacity = 1,
): void {
  const bottom = Math.min(canvas.height, Math.ceil(centreY + radiusY));
  for (let row = Math.max(0, Math.floor(centreY - radiusY)); row < bottom; row++) {
    const slope = (row + 0.5 - centreY) / radiusY;
    if (Math.abs(slope) >= 1) continue;
    const half = radiusX * Math.sqrt(1 - slope * slope);
    fillSpan(canvas, row, centreX - half, centreX + half, paint, opacity);
  }
}

/** A shape with a horizontal top and bottom edge. An edge is given by its left and right end. */
export function fillTrapezoid(
  canvas: Canvas,
  top: { y: number; left: number; right: number },
  bottom: { y: number; left: number; right: number },
  paint: Colour,
  opacity = 1,
): void {
  const lastRow = Math.min(canvas.height, Math.round(bottom.y));
  for (let row = Math.max(0, Math.round(top.y)); row < lastRow; row++) {
    const share = (row + 0.5 - top.y) / (bottom.y - top.y);
    const left = blend(top.left, bottom.left, share);
    fillSpan(canvas, row, left, blend(top.right, bottom.right, share), paint, opacity);
  }
}

/** Fills one row from `left` to before `right`. Every second row also sets the chroma of both rows. */
function fillSpan(
  canvas: Canvas,
  row: number,
  left: number,
  right: number,
  paint: Colour,
  opacity: number,
): void {
  const { width, height, data } = canvas;
  const from = Math.max(0, Math.round(left));
  const to = Math.min(width, Math.round(right));
  if (to <= from) return;
  fillBytes(data, row * width + from, row * width + to, paint[0], opacity);
  if (row % 2 === 1) return;
  const chromaRow = width * height + ((row / 2) * width) / 2;
  const planeBytes = (width * height) / 4;
  const chromaFrom = chromaRow + (from >> 1);
  const chromaTo = chromaRow + ((to + 1) >> 1);
  fillBytes(data, chromaFrom, chromaTo, paint[1], opacity);
  fillBytes(data, chromaFrom + planeBytes, chromaTo + planeBytes, paint[2], opacity);
}

/** Uses a loop, which is several times faster than Buffer's `fill` on the short rows of small shapes. */
function fillBytes(data: Buffer, from: number, to: number, value: number, opacity: number): void {
  if (opacity >= 1) {
    for (let at = from; at < to; at++) data[at] = value;
  } else {
    for (let at = from; at < to; at++) data[at] = blend(data[at]!, value, opacity) + 0.5;
  }
}

function blend(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

function isEven(size: number): boolean {
  return size > 0 && size % 2 === 0;
}
