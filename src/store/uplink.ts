import type { Pace } from './store.ts';

/** A part has at least 5 MiB. A smaller request gets a buffer of this size, too: it can be used again for a part. */
const leastBytes = 5 * 1024 * 1024;
/** The memory for the parts of all uploads together. */
const memoryBytes = 6 * leastBytes;
/** Memory that nobody has used for this long is given back. */
const keepMs = 30_000;
/** Pauses shorter than this (ms) are added up to one of this length, because timers are not exact. */
const leastPauseMs = 5;

/**
 * Whether the upload goes before others, because its recording has ended. Asked repeatedly, because the recording may
 * end while its parts wait.
 */
export type IsUrgent = () => boolean;

interface Waiting {
  readonly bytes: number;
  readonly isUrgent: IsUrgent;
}

interface WaitingForMemory extends Waiting {
  readonly go: (memory: Buffer) => void;
}

interface WaitingForBandwidth extends Waiting {
  readonly go: () => void;
}

/**
 * Takes the first urgent request, otherwise the first request of all. Each upload has one request at
 * a time in the list, so all uploads get their turn.
 */
function takeNext<It extends Waiting>(waiting: It[]): It | undefined {
  const urgent = waiting.findIndex(({ isUrgent }) => isUrgent());
  return waiting.splice(Math.max(0, urgent), 1)[0];
}

const takenFor = (bytes: number) => Math.min(Math.max(bytes, leastBytes), memoryBytes);

/** The bandwidth to the bucket, which all uploads share, and the memory for parts that are being sent. */
export class Uplink {
  readonly #msPerByte: number | undefined;
  readonly #forMemory: WaitingForMemory[] = [];
  readonly #forBandwidth: WaitingForBandwidth[] = [];
  #free = memoryBytes;
  /** Memory of earlier parts, which is used again: new buffers of this size make the garbage collector run often. */
  #kept: Buffer[] = [];
  #forgetting: NodeJS.Timeout | undefined;
  #freeAt = 0;
  #sending = false;

  /** @param maxBitsPerSec the limit of all uploads together; undefined: no limit */
  constructor(maxBitsPerSec?: number) {
    this.#msPerByte = maxBitsPerSec && 8_000 / maxBitsPerSec;
  }

  /**
   * Runs `use` with a buffer of this size once that much memory is free. A request larger than the whole budget waits
   * until no other one runs. The buffer must not be used after `use` has settled.
   */
  async withMemory<Result>(
    bytes: number,
    isUrgent: IsUrgent,
    use: (memory: Buffer) => Promise<Result>,
  ): Promise<Result> {
    const memory = await new Promise<Buffer>((go) => {
      this.#forMemory.push({ bytes, isUrgent, go });
      this.#giveMemory();
    });
    try {
      return await use(memory.subarray(0, bytes));
    } finally {
      this.#free += takenFor(bytes);
      this.#keep(memory);
      this.#giveMemory();
    }
  }

  /** A kept buffer that is large enough and at most twice as large, or a new one. */
  #takeBuffer(wanted: number): Buffer {
    const bytes = Math.max(wanted, leastBytes);
    const fitting = this.#kept.findIndex(({ length }) => length >= bytes && length <= 2 * bytes);
    const [kept] = this.#kept.splice(fitting, fitting < 0 ? 0 : 1);
    this.#dropExcess();
    return kept ?? Buffer.allocUnsafeSlow(bytes);
  }

  #keep(memory: Buffer): void {
    this.#kept.unshift(memory);
    this.#dropExcess();
    clearTimeout(this.#forgetting);
    this.#forgetting = setTimeout(() => {
      this.#kept = [];
    }, keepMs).unref();
  }

  /** Drops kept buffers until they take no more than the memory that is free. */
  #dropExcess(): void {
    let room = this.#free;
    this.#kept = this.#kept.filter(({ length }) => {
      room -= length;
      return room >= 0;
    });
  }

  #giveMemory(): void {
    for (let next = takeNext(this.#forMemory); next; next = takeNext(this.#forMemory)) {
      const taken = takenFor(next.bytes);
      if (taken > this.#free) {
        this.#forMemory.unshift(next);
        return;
      }
      this.#free -= taken;
      next.go(this.#takeBuffer(next.bytes));
    }
  }

  pace(isUrgent: IsUrgent): Pace | undefined {
    if (this.#msPerByte === undefined) return undefined;
    return (bytes) =>
      new Promise<void>((go) => {
        this.#forBandwidth.push({ bytes, isUrgent, go });
        if (!this.#sending) void this.#send(this.#msPerByte!);
      });
  }

  async #send(msPerByte: number): Promise<void> {
    this.#sending = true;
    this.#freeAt = Math.max(this.#freeAt, performance.now());
    while (this.#forBandwidth.length > 0) {
      const pauseMs = this.#freeAt - performance.now();
      if (pauseMs > leastPauseMs) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      const next = takeNext(this.#forBandwidth);
      if (!next) break;
      this.#freeAt += next.bytes * msPerByte;
      next.go();
    }
    this.#sending = false;
  }
}
