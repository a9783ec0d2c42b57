import { access, open, readFile, rename, writeFile } from 'node:fs/promises';
import { privateFileMode } from '../private-folder.ts';
import type { Launcher } from '../processes/launcher.ts';
import type { Ffmpeg } from '../recording/ffmpeg-binary.ts';
import { jpegOf } from '../recording/ffmpeg-jpeg.ts';
import { findSpool, spoolPoster } from '../recording/spool.ts';
import { readSpool, type SpoolContents } from '../recording/spool-reader.ts';

/** A recording that is over sooner waits for its poster at the end; and events at the same moment come first. */
const earlyAfterMs = 2_000;
/** As much of a spool (seconds) as surely holds its first two fragments. */
const beginningSec = 2;

/**
 * A JPEG of each clip's first picture, 640 pixels wide, kept beside the footage: what was made while the recording
 * runs need not be waited for at its end, and the tries of an hour without a store do not decode it again and again.
 */
export class Posters {
  readonly #options: { launcher: Launcher; ffmpeg: Ffmpeg; recordDir: string };
  readonly #making = new Map<string, Promise<Buffer>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #early: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: { launcher: Launcher; ffmpeg: Ffmpeg; recordDir: string }) {
    this.#options = options;
  }

  /** A recording has its first picture: its poster is made while it runs, one after the other, as feeds come first. */
  expect(playbackId: string): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      // Where it fails, whoever finishes the clip tries again, and tells.
      this.#early = this.#early.then(() => this.#makeEarly(playbackId)).catch(() => {});
    }, earlyAfterMs);
    this.#timers.add(timer);
  }

  /** Whether there is one beside the footage. */
  has(playbackId: string): Promise<boolean> {
    return access(spoolPoster(this.#options.recordDir, playbackId)).then(
      () => true,
      () => false,
    );
  }

  /**
   * The one that is kept or being made, or a new one.
   * @throws Error when ffmpeg cannot decode the footage
   */
  of(playbackId: string, spoolFile: string, contents: SpoolContents): Promise<Buffer> {
    const underWay = this.#making.get(playbackId);
    if (underWay) return underWay;
    const making = this.#make(playbackId, spoolFile, contents);
    this.#making.set(playbackId, making);
    return making.finally(() => this.#making.delete(playbackId));
  }

  async #makeEarly(playbackId: string): Promise<void> {
    if (this.#closed) return;
    const spool = await findSpool(this.#options.recordDir, playbackId);
    const contents = spool && (await readSpool(spool.file, beginningSec));
    if (contents) await this.of(playbackId, spool.file, contents);
  }

  async #make(playbackId: string, spoolFile: string, contents: SpoolContents): Promise<Buffer> {
    const { launcher, ffmpeg, recordDir } = this.#options;
    const kept = spoolPoster(recordDir, playbackId);
    const before = await readFile(kept).catch(() => undefined);
    if (before && isWhole(before)) return before;
    const jpeg = await jpegOf(launcher, ffmpeg, await beginning(spoolFile, contents));
    await writeFile(`${kept}.new`, jpeg, { mode: privateFileMode })
      .then(() => rename(`${kept}.new`, kept))
      .catch(() => {}); // a disk that is full takes none, and a deleted playback's folder is gone
    return jpeg;
  }

  /** Those that are being made are waited for. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#early;
  }
}

/** It is not synced: a power cut can leave anything of it. JPEG begins with SOI and ends with EOI (T.81, B.2.1). */
const isWhole = (jpeg: Buffer) =>
  jpeg.length > 4 && jpeg.readUInt16BE(0) === 0xffd8 && jpeg.readUInt16BE(jpeg.length - 2) === 0xffd9;

/** The init segment and the first fragments: the picture shown first may lie behind the first payload's end. */
async function beginning(spoolFile: string, { payloads }: SpoolContents): Promise<Buffer> {
  const end = payloads[Math.min(1, payloads.length - 1)]!.to;
  const file = await open(spoolFile, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(end), 0, end, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
