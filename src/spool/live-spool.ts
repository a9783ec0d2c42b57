import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { playerInit } from '../mp4/player-init.ts';
import { readTrackFragments } from '../mp4/track-fragment.ts';
import type { Segment } from './playlist.ts';
import { type ScannedFragment, SpoolScan } from './scan.ts';

const chunkBytes = 256 * 1024;

/**
 * Reads a spool while it grows. Each look continues where the one before stopped. The file stays open, so that a
 * viewer can watch it to its end even though the spool is removed once its clip is in the store.
 */
export class LiveSpool {
  readonly startedAt: number;
  readonly #file: FileHandle;
  readonly #scan: SpoolScan;
  /** The complete segments. */
  readonly #segments: Segment[] = [];
  /** The segment that began with the newest keyframe. */
  #open: Segment | undefined;
  #looking: Promise<void> | undefined;

  private constructor(file: FileHandle, startedAt: number) {
    this.#file = file;
    this.#scan = new SpoolScan(file);
    this.startedAt = startedAt;
  }

  static async open(spool: { file: string; startedAt: number }): Promise<LiveSpool> {
    return new LiveSpool(await open(spool.file, 'r'), spool.startedAt);
  }

  /** The init segment for players; undefined until `look` has found it. */
  get init(): Buffer | undefined {
    return this.#scan.init && playerInit(this.#scan.init);
  }

  /**
   * @param isOver whether the spool is complete: then the segment that began with the newest keyframe is complete, too
   */
  segments(isOver: boolean): readonly Segment[] {
    return isOver && this.#open ? [...this.#segments, this.#open] : this.#segments;
  }

  read({ from, to }: Segment): Readable {
    return Readable.from(this.#chunks(from, to), { objectMode: false });
  }

  /** Reads what was written since the last look. */
  look(): Promise<void> {
    this.#looking ??= this.#takeIn().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async close(): Promise<void> {
    await this.#looking?.catch(() => {}); // its caller gets the error
    await this.#file.close();
  }

  /** Reads without `FileHandle.createReadStream`: each such stream leaves a listener on the handle. */
  async *#chunks(from: number, to: number): AsyncGenerator<Buffer> {
    for (let at = from; at < to; ) {
      const { buffer, bytesRead } = await this.#file.read({
        buffer: Buffer.allocUnsafe(Math.min(chunkBytes, to - at)),
        position: at,
      });
      if (bytesRead === 0) throw new Error(`The spool ends at ${at}, before ${to}.`);
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
  }

  async #takeIn(): Promise<void> {
    const { size } = await this.#file.stat();
    for await (const fragment of this.#scan.fragments(size)) this.#add(fragment);
  }

  #add({ at, moof, shape, to }: ScannedFragment): void {
    const { init } = this.#scan;
    if (!init) return;
    const parts = readTrackFragments(moof, init.tracks, shape);
    const video = parts.find(({ track }) => track.kind === 'video');
    const samples = video?.chunks.flatMap((chunk) => chunk.samples) ?? [];
    if (video && samples[0]) {
      const { timescale } = video.track;
      const start = video.decodeTime / timescale;
      const end = start + samples.reduce((sum, { duration }) => sum + duration, 0) / timescale;
      if (samples[0].isSync) {
        if (this.#open) this.#segments.push(this.#open);
        this.#open = { from: at, to, start, end };
        return;
      }
      if (this.#open) this.#open = { ...this.#open, end };
    }
    if (this.#open) this.#open = { ...this.#open, to };
  }
}
