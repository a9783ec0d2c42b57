const mostUnits = 64;
const mostBytes = 256 * 1024;

/** NAL units that wait until the next slice shows which picture they belong to. There are a few before a keyframe. */
export class HeldUnits {
  #units: Buffer[] = [];
  #bytes = 0;

  get count(): number {
    return this.#units.length;
  }

  /** @returns false if too many wait already */
  keep(buffer: Buffer, from: number, to: number): boolean {
    this.#bytes += to - from;
    if (this.#units.length >= mostUnits || this.#bytes > mostBytes) return false;
    this.#units.push(Buffer.from(buffer.subarray(from, to)));
    return true;
  }

  /** Delivers the units in order. */
  release(take: (nal: Buffer) => void): void {
    if (this.#units.length === 0) return;
    const units = this.#units;
    this.drop();
    for (const nal of units) take(nal);
  }

  drop(): void {
    if (this.#units.length === 0 && this.#bytes === 0) return;
    this.#units = [];
    this.#bytes = 0;
  }
}
