/** At most this many packets wait for a missing one. */
const slots = 64;
/** Packets wait for a missing one at most this long. */
const longestWaitMs = 100;
/**
 * A packet whose sequence number is lower than expected by at most this is late. If the number is lower still, the
 * numbering has restarted.
 */
const farBehind = 100;
const usualBytes = 2_048;

type Deliver = (buffer: Buffer, from: number, to: number, arrivedAt: number) => void;

/**
 * Brings datagrams into the order in which they were sent. A datagram that arrives in order is passed on at once,
 * without a copy. If one is missing, later ones wait for it, until 100 ms have passed or 64 packets wait.
 */
export class ReorderBuffer {
  readonly #deliver: Deliver;
  #next = -1;
  #waiting = 0;
  #waitingSince = 0;
  readonly #buffers: (Buffer | undefined)[] = new Array<Buffer | undefined>(slots).fill(undefined);
  /** 0: no packet waits there. */
  readonly #lengths = new Int32Array(slots);
  readonly #arrivals = new Float64Array(slots);

  constructor(deliver: Deliver) {
    this.#deliver = deliver;
  }

  push(sequence: number, buffer: Buffer, from: number, to: number, arrivedAt: number): void {
    if (this.#next < 0) this.#next = sequence;
    const ahead = (sequence - this.#next) & 0xffff;
    if (ahead >= 0x10000 - farBehind) return;
    if (ahead >= slots) {
      this.flush();
      this.#next = sequence;
    }
    if (sequence === this.#next) {
      this.#next = (sequence + 1) & 0xffff;
      this.#deliver(buffer, from, to, arrivedAt);
      this.#drain();
    } else {
      this.#keep(sequence, buffer, from, to, arrivedAt);
    }
    while (this.#waiting > 0 && arrivedAt - this.#waitingSince > longestWaitMs) this.#skip();
  }

  /** Delivers all waiting packets, without the missing ones. */
  flush(): void {
    while (this.#waiting > 0) this.#skip();
  }

  /** Begins anew: another source has sequence numbers of its own. */
  restart(): void {
    this.flush();
    this.#next = -1;
  }

  #keep(sequence: number, buffer: Buffer, from: number, to: number, arrivedAt: number): void {
    const slot = sequence % slots;
    if (this.#lengths[slot]! > 0) return;
    const kept = this.#buffers[slot];
    const bytes = to - from;
    const into = kept && kept.length >= bytes ? kept : Buffer.allocUnsafeSlow(Math.max(bytes, usualBytes));
    buffer.copy(into, 0, from, to);
    this.#buffers[slot] = into;
    this.#lengths[slot] = bytes;
    this.#arrivals[slot] = arrivedAt;
    if (this.#waiting++ === 0) this.#waitingSince = arrivedAt;
  }

  #skip(): void {
    while (this.#lengths[this.#next % slots] === 0) this.#next = (this.#next + 1) & 0xffff;
    this.#drain();
  }

  #drain(): void {
    for (let slot = this.#next % slots; this.#lengths[slot]! > 0; slot = this.#next % slots) {
      const bytes = this.#lengths[slot]!;
      const buffer = this.#buffers[slot]!;
      const arrivedAt = this.#arrivals[slot]!;
      this.#lengths[slot] = 0;
      this.#waiting--;
      this.#next = (this.#next + 1) & 0xffff;
      if (buffer.length > usualBytes) this.#buffers[slot] = undefined;
      this.#deliver(buffer, 0, bytes, arrivedAt);
    }
    if (this.#waiting > 0) this.#waitingSince = this.#earliestArrival();
  }

  #earliestArrival(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (let slot = 0; slot < slots; slot++) {
      if (this.#lengths[slot]! > 0) earliest = Math.min(earliest, this.#arrivals[slot]!);
    }
    return earliest;
  }
}
