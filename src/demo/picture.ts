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

/** The scene is laid out on 640 × 360 and scaled to the picture. */
const SCENE_WIDTH = 640;
const SCENE_HEIGHT = 360;

const HORIZON = 196;
const ROAD_TOP = 236;
const ROAD_BOTTOM = 326;

/** Cars drive on after they have left the picture by their own length. */
const CAR_LENGTH = 112;

interface Car {
  /** Its wheels' height in the scene, its size, its speed in scene pixels per second (negative: to the left). */
  base: number;
  scale: number;
  speed: number;
  body: Colour;
}

const CARS: readonly Car[] = [
  { base: 268, scale: 0.8, speed: -96, body: colour('#3f9aa8') },
  { base: 312, scale: 1.15, speed: 138, body: colour('#d2473c') },
];

/** Enough to look smooth; many more would each be too faint to change a byte. */
const GLOW_RINGS = 12;

const WHITE = colour('#ffffff');
const AMBER = colour('#ffcf7a');
const SHADE = colour('#10131f');
const GLASS = colour('#a9c4d8');

/**
 * A street at dusk as seen by a watchful camera: cars that move with the clock, the date and time
 * (local), the frame's number, and the same number as a strip that `readCounter` reads.
 * The returned function is pure and gives one yuv420p frame of width × height × 3/2 bytes.
 */
export function createPicture(width: number, height: number): (frameNumber: number, at: Date) => Buffer {
  const street = scene(width, height);
  drawStreet(street);
  return (frameNumber, at) => {
    const picture = { ...street, data: Buffer.from(street.data) };
    for (const car of CARS) drawCar(picture, car, at.getTime() / 1000);
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
  return { ...createCanvas(width, height), scaleX: width / SCENE_WIDTH, scaleY: height / SCENE_HEIGHT };
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
    box(on, 0, top + step * 2, SCENE_WIDTH, 2, mix(from, to, step / steps));
  }
}

function glow(on: Scene, x: number, y: number, radius: number, paint: Colour, opacity: number) {
  for (let ring = GLOW_RINGS; ring >= 1; ring--) {
    const reach = (radius * ring) / GLOW_RINGS;
    ellipse(on, x, y, reach, reach, paint, opacity / GLOW_RINGS);
  }
}

function drawStreet(on: Scene): void {
  fade(on, 0, 120, colour('#141c40'), colour('#5a4a80'));
  fade(on, 120, HORIZON, colour('#5a4a80'), colour('#f0a070'));
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
    box(on, x!, y!, 2, 2, WHITE, 0.7);
  }
  glow(on, 452, HORIZON - 44, 96, colour('#ffb070'), 0.9);
  ellipse(on, 452, HORIZON - 44, 25, 25, colour('#ffd9a0'));
  drawHills(on);
  fade(on, HORIZON, ROAD_TOP - 12, colour('#2c4a3c'), colour('#1d3129'));
  drawHouse(on);
  drawRoad(on);
  drawLamp(on, 560);
}

function drawHills(on: Scene): void {
  const far = colour('#4a3f6b');
  const near = colour('#30305a');
  ellipse(on, 300, HORIZON + 14, 210, 60, far);
  ellipse(on, 590, HORIZON + 20, 190, 84, far);
  ellipse(on, 120, HORIZON + 26, 230, 70, near);
  ellipse(on, 480, HORIZON + 30, 150, 58, near);
}

function drawHouse(on: Scene): void {
  const wall = colour('#3c3f63');
  const roof = colour('#24253f');
  trapezoid(on, [104, 108, 132], [150, 44, 196], roof);
  box(on, 56, 150, 128, 74, wall);
  box(on, 184, 168, 76, 56, mix(wall, SHADE, 0.2));
  trapezoid(on, [152, 190, 254], [168, 180, 268], roof);
  box(on, 150, 100, 14, 30, roof);
  for (const x of [72, 142]) drawWindow(on, x, 164);
  box(on, 108, 178, 24, 46, colour('#6b4434'));
  box(on, 126, 200, 3, 3, AMBER);
  for (let slat = 0; slat < 4; slat++) box(on, 194, 180 + slat * 11, 56, 9, colour('#555a80'));
}

function drawWindow(on: Scene, x: number, y: number): void {
  glow(on, x + 13, y + 12, 26, AMBER, 0.5);
  box(on, x, y, 26, 24, AMBER);
  box(on, x + 12, y, 2, 24, SHADE, 0.7);
  box(on, x, y + 11, 26, 2, SHADE, 0.7);
}

function drawRoad(on: Scene): void {
  box(on, 0, ROAD_TOP - 12, SCENE_WIDTH, 10, colour('#6a6878'));
  box(on, 0, ROAD_TOP - 2, SCENE_WIDTH, 2, colour('#8f8c98'));
  fade(on, ROAD_TOP, ROAD_BOTTOM, colour('#2b2c3a'), colour('#3a3b4a'));
  for (let x = 12; x < SCENE_WIDTH; x += 80) box(on, x, 278, 44, 4, colour('#d8d2b8'), 0.8);
}

function drawLamp(on: Scene, x: number): void {
  box(on, x, 118, 5, ROAD_TOP - 122, SHADE);
  box(on, x - 34, 116, 39, 4, SHADE);
  trapezoid(on, [124, x - 36, x - 20], [ROAD_TOP + 30, x - 110, x + 54], AMBER, 0.12);
  glow(on, x - 28, 124, 40, AMBER, 1.2);
  box(on, x - 36, 120, 16, 5, colour('#fff2d0'));
}

function drawCar(on: Scene, car: Car, seconds: number): void {
  const { base, scale, speed, body } = car;
  const margin = CAR_LENGTH * scale;
  const travelled =
    (((speed * seconds) % (SCENE_WIDTH + 2 * margin)) + SCENE_WIDTH + 2 * margin) %
    (SCENE_WIDTH + 2 * margin);
  const rear = travelled - margin;
  const forward = Math.sign(speed);
  // From here on in lengths of the car: 0 is its rear bumper, up is positive.
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

  ellipse(on, x(50), y(0), 54 * scale, 5 * scale, SHADE, 0.5);
  for (let reach = 30; reach <= 150; reach += 20) {
    trapezoid(
      on,
      [y(16), ...ordered(x(96), x(96 + reach))],
      [y(-8), ...ordered(x(96), x(106 + reach))],
      AMBER,
      0.03,
    );
  }
  roofline(42, 30, 64, 24, 12, body);
  roofline(39, 33, 62, 26, 9, GLASS);
  part(45, 49, 24, 42, body);
  part(0, 100, 8, 26, body);
  part(0, 100, 8, 12, mix(body, SHADE, 0.5));
  part(94, 100, 16, 23, colour('#fff6d8'));
  part(0, 4, 16, 23, colour('#ff5040'));
  for (const wheel of [22, 78]) {
    ellipse(on, x(wheel), y(8), 10 * scale, 10 * scale, SHADE);
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
  box(on, 0, ROAD_BOTTOM, SCENE_WIDTH, SCENE_HEIGHT - ROAD_BOTTOM, SHADE, 0.85);
  digits(on, dateText(at), 16, top + 4, size - 4, colour('#b9c0d6'));
  digits(on, timeText(at), 146, top, size, WHITE);
  digits(on, frame, SCENE_WIDTH - 16 - digitsWidth(frame, size - 4), top + 4, size - 4, AMBER);
  if (at.getMilliseconds() < 500) ellipse(on, 616, 36, 7, 7, colour('#ff4438'));
}

/** Digits keep their shape, so they are scaled by the height alone. */
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
