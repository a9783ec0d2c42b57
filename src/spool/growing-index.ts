import { type FileHandle, open } from 'node:fs/promises';
import { Mp4Error } from '../mp4/boxes.ts';
import type { InitSegment } from '../mp4/init-segment.ts';
import { SampleIndex } from '../mp4/sample-index.ts';
import { addFragment, type FileRange, type SpoolContents } from './reader.ts';
import { type ScannedFragment, SpoolScan } from './scan.ts';

/** A recording gives its newest 120 fragments other times (recording/recording-file.ts); these are read again. */
const unsettledFragments = 128;

type Fragment = Omit<ScannedFragment, 'moof'>;

/**
 * The index of a spool that grows: each look goes on where the one before stopped, so that the end of a long recording
 * reads little. Fragments whose times may still be corrected are put into it when they no longer are, or at the end.
 */
export class GrowingIndex {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #scan: SpoolScan;
  #index: SampleIndex | undefined;
  readonly #unsettled: Fragment[] = [];
  readonly #payloads: FileRange[] = [];
  /** Where each fragment begins in the file. */
  readonly #begins: number[] = [];
  /** Where each of the payloads begins in all payload. */
  readonly #starts: number[] = [];
  /** Bytes of all payload so far. */
  payloadBytes = 0;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
    this.#scan = new SpoolScan(file);
  }

  static async open(path: string): Promise<GrowingIndex> {
    return new GrowingIndex(path, await open(path, 'r'));
  }

  /** Takes in the whole fragments up to byte `size` of the file. */
  async look(size: number): Promise<void> {
    for await (const { at, shape, from, to } of this.#scan.fragments(size)) {
      this.#begins.push(at);
      this.#payloads.push({ from, to });
      this.#starts.push(this.payloadBytes);
      this.payloadBytes += shape.payloadBytes;
      this.#unsettled.push({ at, shape, from, to });
      if (this.#unsettled.length > unsettledFragments) await this.#settle(Number.POSITIVE_INFINITY);
    }
  }

  /** The spool's init segment; undefined before a look has found one. */
  get init(): InitSegment | undefined {
    return this.#scan.init;
  }

  /** How many fragments there are so far. */
  get count(): number {
    return this.#payloads.length;
  }

  /** Bytes of payload in the first so many fragments. */
  payloadUpTo(count: number): number {
    return this.#starts[count] ?? this.payloadBytes;
  }

  /** Where the first so many fragments end in the file. */
  fileEnd(count: number): number {
    return this.#payloads[count - 1]?.to ?? 0;
  }

  /** Whether a fragment's times are corrected no more. */
  isSettled(number: number): boolean {
    return number < this.count - unsettledFragments;
  }

  /** The init segment as it is in the file. */
  async readInit(): Promise<Buffer> {
    return this.#bytes(0, this.#begins[0]!);
  }

  /** What stands before the payloads of fragments, each a `moof` with the header of its `mdat`; `end` is exclusive. */
  async readHeads(first: number, end: number): Promise<Buffer> {
    const heads: Buffer[] = [];
    for (let i = first; i < end; i++)
      heads.push(await this.#bytes(this.#begins[i]!, this.#payloads[i]!.from));
    return Buffer.concat(heads);
  }

  async #bytes(from: number, to: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(to - from);
    const { bytesRead } = await this.#file.read(bytes, 0, bytes.length, from);
    if (bytesRead < bytes.length) throw new Mp4Error(`${this.path} ends at byte ${from + bytesRead}.`);
    return bytes;
  }

  /** Where the payload's bytes `from` to `to` (exclusive) lie in the file. */
  ranges(from: number, to: number): FileRange[] {
    const found: FileRange[] = [];
    for (let i = lastUpTo(this.#starts, from); i < this.#starts.length && this.#starts[i]! < to; i++) {
      const start = this.#starts[i]!;
      const range = this.#payloads[i]!;
      found.push({
        from: range.from + Math.max(0, from - start),
        to: Math.min(range.to, range.from + to - start),
      });
    }
    return found;
  }

  /**
   * All that the closed spool holds, as readSpool reads it. This ends the index, which takes in nothing any more.
   * @returns undefined if more was settled than belongs to the clip, or a box is torn: then the spool has to be read from
   * its beginning
   */
  async contents(untilSec = Number.POSITIVE_INFINITY): Promise<SpoolContents | undefined> {
    try {
      return await this.#contents(untilSec);
    } catch (error) {
      if (error instanceof Mp4Error) return undefined;
      throw error;
    }
  }

  async #contents(untilSec: number): Promise<SpoolContents | undefined> {
    const { size } = await this.#file.stat();
    await this.look(size);
    if ((this.#index?.durationMs ?? 0) > untilSec * 1_000) return undefined;
    const settled = this.#payloads.length - this.#unsettled.length;
    const payloads = this.#payloads.slice(0, settled);
    let hasHole = false;
    for (let at = settled; this.#unsettled.length > 0; at++) {
      if (!(await this.#settle(untilSec))) continue;
      hasHole ||= payloads.length < at;
      payloads.push(this.#payloads[at]!);
    }
    const { wholeBytes } = this.#scan;
    if (!this.#index || payloads.length === 0) return undefined;
    const { init } = this.#index;
    return { init, index: this.#index, payloads, hasHole, wholeBytes, tornBytes: size - wholeBytes };
  }

  /** Puts the oldest unsettled fragment into the index. @returns whether it belongs to the clip */
  async #settle(untilSec: number): Promise<boolean> {
    const { at, shape, from } = this.#unsettled.shift()!;
    const moof = await this.#bytes(at, from - shape.headerBytes);
    if (!this.#scan.init) throw new Mp4Error(`${this.path} has no init segment.`);
    this.#index ??= new SampleIndex(this.#scan.init);
    return addFragment(this.#index, { moof, shape }, untilSec);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Index of the last number that is ≤ `value`, in a list that begins with 0 and does not fall. */
function lastUpTo(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (sorted[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
