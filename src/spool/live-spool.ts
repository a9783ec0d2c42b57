import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Mp4Error } from '../mp4/boxes.ts';
import { type InitSegment, parseInit } from '../mp4/init-segment.ts';
import { playerInit } from '../mp4/player-init.ts';
import { readTrackFragments } from '../mp4/track-fragment.ts';
import type { Segment } from './playlist.ts';
import { windowReader } from './reader.ts';

const chunkBytes = 256 * 1024;

/**
 * A spool that is watched while it grows. Each look goes on where the one before stopped. The file stays open, so
 * that who watches comes to the end of it although the spool is removed when its clip is in the store.
 */
export class LiveSpool {
  readonly startedAt: number;
  readonly #file: FileHandle;
  #init: InitSegment | undefined;
  #initBoxes: Buffer[] = [];
  /** Whole segments. */
  readonly #segments: Segment[] = [];
  /** What has come since the newest keyframe. */
  #open: Segment | undefined;
  #at = 0;
  #looking: Promise<void> | undefined;

  private constructor(file: FileHandle, startedAt: number) {
    this.#file = file;
    this.startedAt = startedAt;
  }

  static async open(spool: { file: string; startedAt: number }): Promise<LiveSpool> {
    return new LiveSpool(await open(spool.file, 'r'), spool.startedAt);
  }

  /** The init segment for players; undefined until `look` has found it. */
  get init(): Buffer | undefined {
    return this.#init && playerInit(this.#init);
  }

  /** @param isOver the spool is complete: what came since the newest keyframe is a segment too */
  segments(isOver: boolean): readonly Segment[] {
    return isOver && this.#open ? [...this.#segments, this.#open] : this.#segments;
  }

  read({ from, to }: Segment): Readable {
    return Readable.from(this.#chunks(from, to), { objectMode: false });
  }

  /** Takes in what was written since the last look. */
  look(): Promise<void> {
    this.#looking ??= this.#scan().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async close(): Promise<void> {
    await this.#looking?.catch(() => {}); // its caller gets the error
    await this.#file.close();
  }

  /** Not the handle's own stream: each of those leaves a listener on the handle. */
  async *#chunks(from: number, to: number): AsyncGenerator<Buffer> {
    for (let at = from; at < to; ) {
      const { buffer, bytesRead } = await this.#file.read({
        buffer: Buffer.allocUnsafe(Math.min(chunkBytes, to - at)),
        position: at,
      });
      if (bytesRead === 0) throw new Error(`The spool ends at ${at}, in front of ${to}.`);
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
  }

  async #scan(): Promise<void> {
    const { size } = await this.#file.stat();
    const window = windowReader(this.#file, size);
    while (this.#at < size) {
      const box = await window.box(this.#at);
      if (!box || this.#at + box.size > size) return;
      if (box.type === 'moof') {
        const mdat = await window.box(this.#at + box.size);
        const end = this.#at + box.size + (mdat?.size ?? Number.POSITIVE_INFINITY);
        if (!mdat || end > size) return;
        const moof = await window.bytes(this.#at, box.size);
        this.#add(moof, { headerBytes: mdat.headerBytes, payloadBytes: mdat.size - mdat.headerBytes }, end);
        this.#at = end;
        continue;
      }
      if (!this.#init) this.#initBoxes.push(Buffer.from(await window.bytes(this.#at, box.size)));
      if (box.type === 'moov') this.#init = parseInit(Buffer.concat(this.#initBoxes));
      this.#at += box.size;
    }
  }

  #add(moof: Buffer, shape: { headerBytes: number; payloadBytes: number }, to: number): void {
    if (!this.#init) throw new Mp4Error("A 'moof' box came before the 'moov'.");
    const parts = readTrackFragments(moof, this.#init.tracks, shape);
    const video = parts.find(({ track }) => track.kind === 'video');
    const samples = video?.chunks.flatMap((chunk) => chunk.samples) ?? [];
    if (video && samples[0]) {
      const { timescale } = video.track;
      const start = video.decodeTime / timescale;
      const end = start + samples.reduce((sum, { duration }) => sum + duration, 0) / timescale;
      if (samples[0].isSync) {
        if (this.#open) this.#segments.push(this.#open);
        this.#open = { from: this.#at, to, start, end };
        return;
      }
      if (this.#open) this.#open = { ...this.#open, end };
    }
    if (this.#open) this.#open = { ...this.#open, to };
  }
}
