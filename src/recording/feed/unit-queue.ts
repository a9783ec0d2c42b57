import type { Format } from '../../codecs/format.ts';
import type { Footage } from '../../footage/memory.ts';
import type { FeedSession, FeedUnit } from './feed-unit.ts';
import type { Run } from './run.ts';

/** The capacity at first. Every capacity is a power of two. */
const firstCapacity = 64;

/**
 * Access units, oldest first, as columns of numbers and references. A ring keeps each unit for seconds, and few units
 * are ever recorded. As objects they would be most of the garbage collector's work. Units are numbered from 0,
 * in the order in which they were pushed.
 */
export class UnitQueue {
  /** The number of the oldest unit. */
  #first = 0;
  /** The number that the next unit gets. */
  #end = 0;
  #mask = firstCapacity - 1;
  #arrivedAt = new Float64Array(firstCapacity);
  #timestamps = new Float64Array(firstCapacity);
  #ticks = new Float64Array(firstCapacity);
  #durations = new Float64Array(firstCapacity);
  /** How many pictures a decoder needs until the picture is right; -1 if it cannot begin here. */
  #recovery = new Float64Array(firstCapacity);
  #footage: (Footage | undefined)[] = new Array(firstCapacity);
  #formats: Format[] = new Array(firstCapacity);
  #runs: Run[] = new Array(firstCapacity);
  #sessions: FeedSession[] = new Array(firstCapacity);

  get first(): number {
    return this.#first;
  }

  get end(): number {
    return this.#end;
  }

  push(unit: FeedUnit): void {
    if (this.#end - this.#first > this.#mask) this.#grow();
    const i = this.#end++ & this.#mask;
    this.#arrivedAt[i] = unit.arrivedAt;
    this.#timestamps[i] = unit.timestamp;
    this.#ticks[i] = unit.stamp.ticks;
    this.#durations[i] = unit.duration;
    this.#recovery[i] = unit.isSync ? (unit.recoveryPictures ?? 0) : -1;
    this.#footage[i] = unit.footage;
    this.#formats[i] = unit.format;
    this.#runs[i] = unit.stamp.run;
    this.#sessions[i] = unit.session;
  }

  /**
   * Removes the oldest unit.
   * @returns its footage
   */
  shift(): Footage {
    const i = this.#first++ & this.#mask;
    const footage = this.#footage[i]!;
    // Drops the reference, so that the memory can be freed.
    this.#footage[i] = undefined;
    return footage;
  }

  at(number: number): FeedUnit {
    const i = number & this.#mask;
    const recovery = this.#recovery[i]!;
    return {
      footage: this.#footage[i]!,
      timestamp: this.#timestamps[i]!,
      arrivedAt: this.#arrivedAt[i]!,
      isSync: recovery >= 0,
      recoveryPictures: Math.max(0, recovery),
      format: this.#formats[i]!,
      duration: this.#durations[i]!,
      session: this.#sessions[i]!,
      stamp: { run: this.#runs[i]!, ticks: this.#ticks[i]! },
    };
  }

  arrivedAt(number: number): number {
    return this.#arrivedAt[number & this.#mask]!;
  }

  /** When the unit was taken, in steady milliseconds, as far as is known by now. */
  timeOf(number: number): number {
    const i = number & this.#mask;
    return this.#runs[i]!.timeOf(this.#ticks[i]!);
  }

  isSound(number: number): boolean {
    return this.#formats[number & this.#mask]!.kind === 'sound';
  }

  /**
   * Doubles the capacity. A unit's index is the remainder of its number by the capacity, so each index stays the
   * same or grows by the old capacity: each column is copied twice.
   */
  #grow(): void {
    const capacity = this.#mask + 1;
    this.#arrivedAt = twice(this.#arrivedAt);
    this.#timestamps = twice(this.#timestamps);
    this.#ticks = twice(this.#ticks);
    this.#durations = twice(this.#durations);
    this.#recovery = twice(this.#recovery);
    this.#footage = [...this.#footage, ...this.#footage];
    this.#formats = [...this.#formats, ...this.#formats];
    this.#runs = [...this.#runs, ...this.#runs];
    this.#sessions = [...this.#sessions, ...this.#sessions];
    this.#mask = capacity * 2 - 1;
  }
}

function twice(column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(column.length * 2);
  larger.set(column);
  larger.set(column, column.length);
  return larger;
}
