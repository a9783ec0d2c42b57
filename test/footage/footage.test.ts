// Memory of footage is reused, but never while a unit in it may still be read.
import { expect, test } from 'vitest';
import { type Footage, FootageMemory, pieceBytes, viewsOf } from '../../src/footage/memory.ts';
import { FootageWriter } from '../../src/footage/writer.ts';

const bytesOf = (footage: readonly Footage[]) => Buffer.concat(viewsOf(footage));

/** Numbers that are the same in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Writes a unit of so many NAL units, or one frame without lengths. @returns the expected bytes */
function write(writer: FootageWriter, next: () => number): Buffer {
  const parts: Buffer[] = [];
  const isNals = next() < 0.7;
  for (let nals = isNals ? 1 + Math.floor(next() * 3) : 1; nals > 0; nals--) {
    const nal = Buffer.alloc(1 + Math.floor(next() ** 4 * 3 * pieceBytes), Math.floor(next() * 256));
    if (isNals) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(nal.length);
      parts.push(length);
      writer.beginNal();
    }
    writer.byte(nal[0]!);
    // In packets, as a camera sends it.
    for (let at = 1; at < nal.length; at += 1_400) writer.copy(nal, at, Math.min(nal.length, at + 1_400));
    if (isNals) writer.endNal();
    parts.push(nal);
  }
  return Buffer.concat(parts);
}

test.for([1, 7, 1_000, pieceBytes - 3, pieceBytes, pieceBytes + 1, 3 * pieceBytes + 5])(
  'units of %i bytes are read as written, with one NAL unit or as a frame',
  (bytes) => {
    const writer = new FootageWriter(new FootageMemory());
    const source = Buffer.alloc(bytes);
    const footage = Array.from({ length: 40 }, (_, i) => {
      source.fill(i);
      if (i % 3 === 0) writer.beginNal();
      writer.copy(source, 0, bytes);
      if (i % 3 === 0) writer.endNal();
      return writer.finish();
    });
    footage.forEach((unit, i) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes);
      const expected = Buffer.concat([...(i % 3 === 0 ? [length] : []), Buffer.alloc(bytes, i)]);
      expect(unit.bytes).toBe(expected.length);
      expect(bytesOf([unit]).equals(expected)).toBe(true);
    });
  },
);

test('units of any size are read as written, across pieces, with others released in between', () => {
  const next = random(7);
  const memory = new FootageMemory();
  const writer = new FootageWriter(memory);
  const held: { footage: Footage; bytes: Buffer }[] = [];
  for (let i = 0; i < 3_000; i++) {
    const bytes = write(writer, next);
    expect(writer.bytes).toBe(bytes.length);
    if (next() < 0.1) {
      writer.discard();
      continue;
    }
    held.push({ footage: writer.finish(), bytes });
    if (held.length < 40) continue;
    expect(
      bytesOf(held.map(({ footage }) => footage)).equals(Buffer.concat(held.map((it) => it.bytes))),
    ).toBe(true);
    for (const { footage } of held.splice(0, Math.floor(next() * 40))) footage.release();
  }
});

test('a piece is reused once every unit in it was released, and not before', () => {
  const memory = new FootageMemory();
  const writer = new FootageWriter(memory);
  const frame = Buffer.alloc(pieceBytes / 4, 1);
  const units = Array.from({ length: 5 }, () => {
    writer.copy(frame, 0, frame.length);
    return writer.finish();
  });
  const [first] = units[0]!.pieces;
  units[0]!.hold();
  for (const unit of units) unit.release();
  expect(memory.take()).not.toBe(first);
  units[0]!.release();
  expect(memory.take()).toBe(first);
});

test('adjacent frames are written as one', () => {
  const writer = new FootageWriter(new FootageMemory());
  const units = Array.from({ length: 24 }, () => {
    writer.copy(Buffer.alloc(170, 2), 0, 170);
    return writer.finish();
  });
  expect(viewsOf(units)).toHaveLength(1);
});
