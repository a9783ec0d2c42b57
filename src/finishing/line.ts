import type { Pace } from '../store/store.ts';

/** The memory for the parts of all uploads together: twelve parts of the usual 5 MiB. */
const memoryBytes = 60 * 1024 * 1024;
/** Timers are not exact. Shorter pauses are saved up until they add up to this. */
const leastPauseMs = 5;

/** Whether the upload is of a clip that has ended, which goes first. Asked repeatedly, because clips end meanwhile. */
export type IsEnding = () => boolean;

interface Waiting {
  readonly bytes: number;
  readonly isEnding: IsEnding;
  readonly go: () => void;
}

/**
 * The first one of a clip that has ended, else the first of all. Each upload waits with one request at a time, so all
 * get their turn.
 */
function takeNext(waiting: Waiting[]): Waiting | undefined {
  const ending = waiting.findIndex(({ isEnding }) => isEnding());
  return waiting.splice(Math.max(0, ending), 1)[0];
}

/** The bandwidth to the bucket, which all uploads share, and the memory for parts that are being sent. */
export class Line {
  readonly #msPerByte: number | undefined;
  readonly #forMemory: Waiting[] = [];
  readonly #forLine: Waiting[] = [];
  #free = memoryBytes;
  #freeAt = 0;
  #sending = false;

  /** @param maxBitsPerSec the limit of all uploads together; undefined: no limit */
  constructor(maxBitsPerSec?: number) {
    this.#msPerByte = maxBitsPerSec && 8_000 / maxBitsPerSec;
  }

  /** Runs `use` once this many bytes of memory are free. A larger request than all memory waits until it is alone. */
  async withMemory<Result>(bytes: number, isEnding: IsEnding, use: () => Promise<Result>): Promise<Result> {
    const taken = Math.min(bytes, memoryBytes);
    await new Promise<void>((go) => {
      this.#forMemory.push({ bytes: taken, isEnding, go });
      this.#giveMemory();
    });
    try {
      return await use();
    } finally {
      this.#free += taken;
      this.#giveMemory();
    }
  }

  #giveMemory(): void {
    for (let next = takeNext(this.#forMemory); next; next = takeNext(this.#forMemory)) {
      if (next.bytes > this.#free) {
        this.#forMemory.unshift(next);
        return;
      }
      this.#free -= next.bytes;
      next.go();
    }
  }

  pace(isEnding: IsEnding): Pace | undefined {
    if (this.#msPerByte === undefined) return undefined;
    return (bytes) =>
      new Promise<void>((go) => {
        this.#forLine.push({ bytes, isEnding, go });
        if (!this.#sending) void this.#send(this.#msPerByte!);
      });
  }

  async #send(msPerByte: number): Promise<void> {
    this.#sending = true;
    this.#freeAt = Math.max(this.#freeAt, performance.now());
    while (this.#forLine.length > 0) {
      const pauseMs = this.#freeAt - performance.now();
      if (pauseMs > leastPauseMs) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      const next = takeNext(this.#forLine);
      if (!next) break;
      this.#freeAt += next.bytes * msPerByte;
      next.go();
    }
    this.#sending = false;
  }
}
