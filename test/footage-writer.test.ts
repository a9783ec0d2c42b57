// What a track writes into pieces of memory is what comes out of them, wherever a unit begins and ends.
import { expect, test } from 'vitest';
import { FootageMemory, pieceBytes } from '../src/footage/memory.ts';
import { FootageWriter } from '../src/footage/writer.ts';

test.for([1, 7, 1_000, pieceBytes - 3, pieceBytes, pieceBytes + 1, 3 * pieceBytes + 5])(
  'units of %i bytes, with and without NAL units in them',
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
      expect(Buffer.concat(unit.views()).equals(expected)).toBe(true);
    });
  },
);
