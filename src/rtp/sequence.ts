/**
 * RFC 3550, A.1: if a sequence number is higher or lower than expected by more than this, the numbering has restarted.
 */
const farAhead = 3_000;
const farBehind = 100;

/** Follows the sequence numbers of one source: missing and late packets, and the numbers for receiver reports. */
export class PacketSequence {
  #next = -1;
  #cycles = 0;
  /** The number after that of the last late packet: two late packets in a row mean that the numbering has restarted. */
  #lateNext = -1;
  #jitter = 0;
  #lastTransit = Number.NaN;
  #expectedSinceReport = 0;
  #lostSinceReport = 0;
  /** Missing packets of all sources. */
  lost = 0;

  /** How many packets are missing before this one; -1 if it is a duplicate or late. */
  next(sequence: number): number {
    if (this.#next < 0) return this.#goOn(sequence, 0);
    const gap = (sequence - this.#next) & 0xffff;
    if (gap < farAhead) return this.#goOn(sequence, gap);
    if (gap < 0x10000 - farBehind || sequence === this.#lateNext) {
      this.#lateNext = -1;
      this.#goOn(sequence, 0);
      return 1;
    }
    this.#lateNext = (sequence + 1) & 0xffff;
    return -1;
  }

  /** Updates the jitter (RFC 3550, 6.4.1). */
  note(timestamp: number, arrivedAt: number, clockRate: number): void {
    const transit = (arrivedAt * clockRate) / 1000 - timestamp;
    const change = Math.abs(transit - this.#lastTransit);
    this.#lastTransit = transit;
    // A jump of the camera's clock is no jitter.
    if (change < clockRate * 10) this.#jitter += (change - this.#jitter) / 16;
  }

  /** Begins anew: another source has sequence numbers of its own. */
  restart(): void {
    this.#next = -1;
    this.#cycles = 0;
    this.#lateNext = -1;
    this.#lastTransit = Number.NaN;
  }

  /** The numbers for a report block, counted since the previous report. */
  report(): { fractionLost: number; lost: number; highest: number; jitter: number } {
    const fraction = this.#expectedSinceReport && (this.#lostSinceReport * 256) / this.#expectedSinceReport;
    this.#expectedSinceReport = 0;
    this.#lostSinceReport = 0;
    return {
      fractionLost: Math.min(255, Math.floor(fraction)),
      lost: Math.min(0x7fffff, this.lost),
      highest: this.#next < 0 ? 0 : ((this.#cycles << 16) + this.#next - 1) >>> 0,
      jitter: Math.floor(this.#jitter) >>> 0,
    };
  }

  #goOn(sequence: number, missing: number): number {
    if (sequence + 1 > 0xffff) this.#cycles = (this.#cycles + 1) & 0xffff;
    this.#next = (sequence + 1) & 0xffff;
    this.lost += missing;
    this.#lostSinceReport += missing;
    this.#expectedSinceReport += missing + 1;
    return missing;
  }
}
