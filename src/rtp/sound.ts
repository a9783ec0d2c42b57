import type { SoundFormat } from '../codecs/format.ts';
import type { FootageMemory } from '../footage/memory.ts';
import type { AccessUnit } from '../footage/unit.ts';
import { FootageWriter } from '../footage/writer.ts';

/** Writes the frames of one sound track, and delivers each with the format that is known by then. */
export class SoundFrames {
  readonly #writer: FootageWriter;
  readonly #onUnit: (unit: AccessUnit) => void;

  constructor(memory: FootageMemory, onUnit: (unit: AccessUnit) => void) {
    this.#writer = new FootageWriter(memory);
    this.#onUnit = onUnit;
  }

  /** How many bytes of the present frame are written. */
  get bytes(): number {
    return this.#writer.bytes;
  }

  add(buffer: Buffer, from: number, to: number): void {
    this.#writer.copy(buffer, from, to);
  }

  byte(value: number): void {
    this.#writer.byte(value);
  }

  /** @param duration in ticks of the track's clock rate */
  give(timestamp: number, arrivedAt: number, format: SoundFormat, duration: number): void {
    this.#onUnit({
      footage: this.#writer.finish(),
      timestamp: timestamp >>> 0,
      arrivedAt,
      isSync: true,
      recoveryPictures: 0,
      format,
      duration,
    });
  }

  discard(): void {
    this.#writer.discard();
  }

  close(): void {
    this.#writer.close();
  }
}
