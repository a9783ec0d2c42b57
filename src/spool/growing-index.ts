import { type FileHandle, open } from 'node:fs/promises';
import type { FileRange } from '../domain/file-range.ts';
import { Mp4Error } from '../mp4/boxes.ts';
import type { InitSegment } from '../mp4/init-segment.ts';
import { SampleIndex } from '../mp4/sample-index.ts';
import { addFragment, type SpoolContents } from './reader.ts';
import { type ScannedFragment, SpoolScan } from './scan.ts';

/**
 * This many of the newest fragments are read again later, because their times may still be corrected.
 * recording/placement.ts corrects the newest 120; the other eight are a margin.
 */
const unsettledFragments = 128;

type Fragment = Omit<ScannedFragment, 'moof'>;

/**
 * The index of a spool that grows. Each look continues where the one before stopped, so that little is left to read
 * at the end of a long recording. A fragment is added to the index once its times are final, or at the end.
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
  /** Where the payload of each fragment begins within all payload. */
  readonly #starts: number[] = [];
  /** The size of all payload so far, in bytes. */
  payloadBytes = 0;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
    this.#scan = new SpoolScan(file);
  }

  static async open(path: string): Promise<GrowingIndex> {
    return new GrowingIndex(path, await open(path, 'r'));
  }

  /** Reads the complete fragments up to byte `size` of the file. */
  async look(size: number): Promise<void> {
    for await (const { at, shape, from, to } of this.#scan.fragments(size)) {
      this.#begins.push(at);
      this.#payloads.push({ from, to });
      this.#starts.push(this.payloadBytes);
      this.payloadBytes += shape.payloadBytes;
      this.#unsettled.push({ at, shape, from, to });
      if (this.#unsettled.length > unsettledFragments) {
        const oldest = await this.#readMoof(this.#unsettled[0]!);
        this.#unsettled.shift();
        this.#settle(oldest);
      }
    }
  }

  /** The spool's init segment; undefined before the first look that finds one. */
  get init(): InitSegment | undefined {
    return this.#scan.init;
  }

  /** The number of fragments so far. */
  get count(): number {
    return this.#payloads.length;
  }

  /** The size of the payload of the first `count` fragments, in bytes. */
  payloadUpTo(count: number): number {
    return this.#starts[count] ?? this.payloadBytes;
  }

  /** Whether a fragment's times are final. */
  isSettled(number: number): boolean {
    return number < this.count - unsettledFragments;
  }

  /** The bytes of the init segment in the file. */
  async readInit(): Promise<Buffer> {
    return this.#bytes(0, this.#begins[0]!);
  }

  /**
   * The bytes before the payload of each fragment from `first` to `end` (exclusive): its `moof` and the header of its
   * `mdat`.
   */
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

  /** Where the payload's bytes from `from` to `to` (exclusive) are in the file. */
  ranges(from: number, to: number): FileRange[] {
    const found: FileRange[] = [];
    // The search begins at the end, because parts and copies are made of the newest payload.
    let i = this.#starts.findLastIndex((start) => start <= from);
    for (; i < this.#starts.length && this.#starts[i]! < to; i++) {
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
   * The contents of the closed spool, as `readSpool` gives them. After this call the index cannot be used any more.
   * @returns undefined if the index has fragments that do not belong to the clip, or if a box is torn. Then the spool
   *   has to be read from its beginning
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
    // The fragments are read in parallel, because somebody waits for the clip.
    const rest = await Promise.all(this.#unsettled.splice(0).map((fragment) => this.#readMoof(fragment)));
    for (const [i, fragment] of rest.entries()) {
      if (!this.#settle(fragment, untilSec)) continue;
      hasHole ||= payloads.length < settled + i;
      payloads.push(this.#payloads[settled + i]!);
    }
    const { wholeBytes } = this.#scan;
    if (!this.#index || payloads.length === 0) return undefined;
    const { init } = this.#index;
    return { init, index: this.#index, payloads, hasHole, wholeBytes, tornBytes: size - wholeBytes };
  }

  async #readMoof({ at, shape, from }: Fragment): Promise<Pick<ScannedFragment, 'moof' | 'shape'>> {
    return { moof: await this.#bytes(at, from - shape.headerBytes), shape };
  }

  /**
   * Adds a fragment to the index.
   * @returns whether it belongs to the clip
   */
  #settle(fragment: Pick<ScannedFragment, 'moof' | 'shape'>, untilSec = Number.POSITIVE_INFINITY): boolean {
    if (!this.#scan.init) throw new Mp4Error(`${this.path} has no init segment.`);
    this.#index ??= new SampleIndex(this.#scan.init);
    return addFragment(this.#index, fragment, untilSec);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
