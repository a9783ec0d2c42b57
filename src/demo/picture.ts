import {
  type Canvas,
  type Colour,
  colour,
  createCanvas,
  fillEllipse,
  fillRect,
  fillTrapezoid,
  mix,
} from './canvas.ts';
import { drawCounterStrip } from './counter-strip.ts';
import { digitsWidth, drawDigits } from './digits.ts';

/** The scene is drawn for 640 × 360 and scaled to the picture's size. */
const sceneWidth = 640;
const sceneHeight = 360;

const horizon = 196;
const roadTop = 236;
const roadBottom = 326;

/** The length of a car of scale 1. A car drives on until it has left the picture by this length. */
const carLength = 112;

interface Car {
  /**
   * The height of the wheels in the scene, the size, and the speed in scene pixels per second (negative: to the left).
   */
  base: number;
  scale: number;
  speed: number;
  body: Colour;
}

const allCars: readonly Car[] = [
  { base: 268, scale: 0.8, speed: -96, body: colour('#3f9aa8') },
  { base: 312, scale: 1.15, speed: 138, body: colour('#d2473c') },
];

/**
 * How many rings a glow has: enough for a smooth gradient. With many more, each would be too faint to change a byte.
 */
const glowRings = 12;

const white = colour('#ffffff');
const amber = colour('#ffcf7a');
const shade = colour('#10131f');
const glass = colour('#a9c4d8');

/**
 * A street at dusk: cars that move with the clock, the local date and time, the frame's number, and the same number as
 * a strip that `readCounter` reads. The returned function is pure and returns one yuv420p frame of width × height × 3/2
 * bytes.
 */
export function createPicture(width: number, height: number): (frameNumber: number, at: Date) => Buffer {
  const street = scene(width, height);
  drawStreet(street);
  return (frameNumber, at) => {
    const picture = { ...street, data: Buffer.from(street.data) };
    for (const car of allCars) drawCar(picture, car, at.getTime() / 1000);
    drawCaption(picture, frameNumber, at);
    drawCounterStrip(picture, frameNumber);
    return picture.data;
  };
}

interface Scene extends Canvas {
  scaleX: number;
  scaleY: number;
}

function scene(width: number, height: number): Scene {
  return { ...createCanvas(width, height), scaleX: width / sceneWidth, scaleY: height / sceneHeight };
}

function box(on: Scene, x: number, y: number, width: number, height: number, paint: Colour, opacity = 1) {
  const { scaleX, scaleY } = on;
  fillRect(on, x * scaleX, y * scaleY, width * scaleX, height * scaleY, paint, opacity);
}

function ellipse(
  on: Scene,
  x: number,
  y: number,
  radiusX: number,
  radiusY: number,
  paint: Colour,
  opacity = 1,
) {
  const { scaleX, scaleY } = on;
  fillEllipse(on, x * scaleX, y * scaleY, radiusX * scaleX, radiusY * scaleY, paint, opacity);
}

type Edge = readonly [y: number, left: number, right: number];

function trapezoid(on: Scene, top: Edge, bottom: Edge, paint: Colour, opacity = 1) {
  const edge = ([y, left, right]: Edge) => ({
    y: y * on.scaleY,
    left: left * on.scaleX,
    right: right * on.scaleX,
  });
  fillTrapezoid(on, edge(top), edge(bottom), paint, opacity);
}

function fade(on: Scene, top: number, bottom: number, from: Colour, to: Colour) {
  const steps = Math.ceil((bottom - top) / 2);
  for (let step = 0; step < steps; step++) {
    box(on, 0, top + step * 2, sceneWidth, 2, mix(from, to, step / steps));
  }
}

function glow(on: Scene, x: number, y: number, radius: number, paint: Colour, opacity: number) {
  for (let ring = glowRings; ring >= 1; ring--) {
    const reach = (radius * ring) / glowRings;
    ellipse(on, x, y, reach, reach, paint, opacity / glowRings);
  }
}

function drawStreet(on: Scene): void {
  fade(on, 0, 120, colour('#141c40'), colour('#5a4a80'));
  fade(on, 120, horizon, colour('#5a4a80'), colour('#f0a070'));
  for (const [x, y] of [
    [40, 44],
    [118, 70],
    [204, 36],
    [301, 58],
    [362, 30],
    [447, 76],
    [530, 42],
    [604, 84],
  ]) {
    box(on, x!, y!, 2, 2, white, 0.7);
  }
  glow(on, 452, horizon - 44, 96, colour('#ffb070'), 0.9);
  ellipse(on, 452, horizon - 44, 25, 25, colour('#ffd9a0'));
  drawHills(on);
  fade(on, horizon, roadTop - 12, colour('#2c4a3c'), colour('#1d3129'));
  drawHouse(on);
  drawRoad(on);
  drawLamp(on, 560);
}

function drawHills(on: Scene): void {
  const far = colour('#4a3f6b');
  const near = colour('#30305a');
  ellipse(on, 300, horizon + 14, 210, 60, far);
  ellipse(on, 590, horizon + 20, 190, 84, far);
  ellipse(on, 120, horizon + 26, 230, 70, near);
  ellipse(on, 480, horizon + 30, 150, 58, near);
}

function drawHouse(on: Scene): void {
  const wall = colour('#3c3f63');
  const roof = colour('#24253f');
  trapezoid(on, [104, 108, 132], [150, 44, 196], roof);
  box(on, 56, 150, 128, 74, wall);
  box(on, 184, 168, 76, 56, mix(wall, shade, 0.2));
  trapezoid(on, [152, 190, 254], [168, 180, 268], roof);
  box(on, 150, 100, 14, 30, roof);
  for (const x of [72, 142]) drawWindow(on, x, 164);
  box(on, 108, 178, 24, 46, colour('#6b4434'));
  box(on, 126, 200, 3, 3, amber);
  for (let slat = 0; slat < 4; slat++) box(on, 194, 180 + slat * 11, 56, 9, colour('#555a80'));
}

function drawWindow(on: Scene, x: number, y: number): void {
  glow(on, x + 13, y + 12, 26, amber, 0.5);
  box(on, x, y, 26, 24, amber);
  box(on, x + 12, y, 2, 24, shade, 0.7);
  box(on, x, y + 11, 26, 2, shade, 0.7);
}

function drawRoad(on: Scene): void {
  box(on, 0, roadTop - 12, sceneWidth, 10, colour('#6a6878'));
  box(on, 0, roadTop - 2, sceneWidth, 2, colour('#8f8c98'));
  fade(on, roadTop, roadBottom, colour('#2b2c3a'), colour('#3a3b4a'));
  for (let x = 12; x < sceneWidth; x += 80) box(on, x, 278, 44, 4, colour('#d8d2b8'), 0.8);
}

function drawLamp(on: Scene, x: number): void {
  box(on, x, 118, 5, roadTop - 122, shade);
  box(on, x - 34, 116, 39, 4, shade);
  trapezoid(on, [124, x - 36, x - 20], [roadTop + 30, x - 110, x + 54], amber, 0.12);
  glow(on, x - 28, 124, 40, amber, 1.2);
  box(on, x - 36, 120, 16, 5, colour('#fff2d0'));
}

function drawCar(on: Scene, car: Car, seconds: number): void {
  const { base, scale, speed, body } = car;
  const margin = carLength * scale;
  const travelled =
    (((speed * seconds) % (sceneWidth + 2 * margin)) + sceneWidth + 2 * margin) % (sceneWidth + 2 * margin);
  const rear = travelled - margin;
  const forward = Math.sign(speed);
  // From here on the unit is the length of the car: 0 is its rear bumper, and up is positive.
  const x = (along: number) => rear + forward * along * scale;
  const y = (up: number) => base - up * scale;
  const part = (from: number, to: number, low: number, high: number, paint: Colour, opacity = 1) =>
    box(on, Math.min(x(from), x(to)), y(high), (to - from) * scale, (high - low) * scale, paint, opacity);
  const roofline = (high: number, from: number, to: number, low: number, widen: number, paint: Colour) =>
    trapezoid(
      on,
      [y(high), ...ordered(x(from), x(to))],
      [y(low), ...ordered(x(from - widen), x(to + widen))],
      paint,
    );

  ellipse(on, x(50), y(0), 54 * scale, 5 * scale, shade, 0.5);
  for (let reach = 30; reach <= 150; reach += 20) {
    trapezoid(
      on,
      [y(16), ...ordered(x(96), x(96 + reach))],
      [y(-8), ...ordered(x(96), x(106 + reach))],
      amber,
      0.03,
    );
  }
  roofline(42, 30, 64, 24, 12, body);
  roofline(39, 33, 62, 26, 9, glass);
  part(45, 49, 24, 42, body);
  part(0, 100, 8, 26, body);
  part(0, 100, 8, 12, mix(body, shade, 0.5));
  part(94, 100, 16, 23, colour('#fff6d8'));
  part(0, 4, 16, 23, colour('#ff5040'));
  for (const wheel of [22, 78]) {
    ellipse(on, x(wheel), y(8), 10 * scale, 10 * scale, shade);
    ellipse(on, x(wheel), y(8), 4.5 * scale, 4.5 * scale, colour('#9aa0b0'));
  }
}

function ordered(a: number, b: number): [number, number] {
  return a < b ? [a, b] : [b, a];
}

function drawCaption(on: Scene, frameNumber: number, at: Date): void {
  const size = 18;
  const top = 335;
  const frame = String(frameNumber).padStart(6, '0');
  box(on, 0, roadBottom, sceneWidth, sceneHeight - roadBottom, shade, 0.85);
  digits(on, dateText(at), 16, top + 4, size - 4, colour('#b9c0d6'));
  digits(on, timeText(at), 146, top, size, white);
  digits(on, frame, sceneWidth - 16 - digitsWidth(frame, size - 4), top + 4, size - 4, amber);
  if (at.getMilliseconds() < 500) ellipse(on, 616, 36, 7, 7, colour('#ff4438'));
}

/** Digits keep their shape, so they are scaled by the height only. */
function digits(on: Scene, text: string, x: number, y: number, height: number, paint: Colour): void {
  drawDigits(on, text, x * on.scaleX, y * on.scaleY, height * on.scaleY, paint);
}

function dateText(at: Date): string {
  return [at.getFullYear(), padded(at.getMonth() + 1), padded(at.getDate())].join('-');
}

function timeText(at: Date): string {
  const seconds = `${padded(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
  return [padded(at.getHours()), padded(at.getMinutes()), seconds].join(':');
}

function padded(value: number): string {
  return String(value).padStart(2, '0');
}
