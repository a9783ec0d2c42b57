import { access, open, readFile, rename, writeFile } from 'node:fs/promises';
import type { Ffmpeg } from '../ffmpeg/binary.ts';
import { jpegOf } from '../ffmpeg/jpeg.ts';
import { privateFileMode } from '../private-folder.ts';
import type { Launcher } from '../processes/launcher.ts';
import { readBeginning, type SpoolContents } from '../spool/reader.ts';
import { findSpool, spoolPoster } from '../spool/spool.ts';

/** Delay after a recording's first picture, so that posters do not compete with the start of other recordings. */
const earlyAfterMs = 2_000;
/** The picture that is shown first may lie behind the first fragment. */
const beginningFragments = 2;

/**
 * Makes posters: a JPEG of each clip's first picture, 640 pixels wide. Posters are made during the recording and kept in
 * the spool, so that finishing need not wait for them and retries do not decode the footage again.
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

  /** Call it when a recording has its first picture. Posters are made one at a time, to leave the processor to feeds. */
  expect(playbackId: string): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      // An error is ignored: the finisher tries again and logs the error.
      this.#early = this.#early.then(() => this.#makeEarly(playbackId)).catch(() => {});
    }, earlyAfterMs);
    this.#timers.add(timer);
  }

  /** Whether the playback's spool has a poster. */
  has(playbackId: string): Promise<boolean> {
    return access(spoolPoster(this.#options.recordDir, playbackId)).then(
      () => true,
      () => false,
    );
  }

  /**
   * The playback's poster: the one in the spool, the one that is being made, or a new one.
   * @throws Error if ffmpeg cannot decode the footage
   */
  of(playbackId: string, spoolFile: string, contents: SpoolContents): Promise<Buffer> {
    const underWay = this.#making.get(playbackId);
    if (underWay !== undefined) return underWay;
    const making = this.#make(playbackId, spoolFile, contents);
    this.#making.set(playbackId, making);
    return making.finally(() => this.#making.delete(playbackId));
  }

  async #makeEarly(playbackId: string): Promise<void> {
    if (this.#closed) return;
    const spool = await findSpool(this.#options.recordDir, playbackId);
    const contents = spool && (await readBeginning(spool.file, beginningFragments));
    if (contents) await this.of(playbackId, spool.file, contents);
  }

  async #make(playbackId: string, spoolFile: string, contents: SpoolContents): Promise<Buffer> {
    const { launcher, ffmpeg, recordDir } = this.#options;
    const kept = spoolPoster(recordDir, playbackId);
    const before = await readFile(kept).catch(() => undefined); // there is none yet
    if (before && isComplete(before)) return before;
    const jpeg = await jpegOf(launcher, ffmpeg, await beginning(spoolFile, contents));
    await writeFile(`${kept}.new`, jpeg, { mode: privateFileMode })
      .then(() => rename(`${kept}.new`, kept))
      .catch(() => {}); // the disk is full, or the playback was deleted; the poster is returned all the same
    return jpeg;
  }

  /** Resolves once the posters in progress are made. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#early;
  }
}

/** A poster is not synced, so a power cut can leave any part of it. JPEG begins with SOI and ends with EOI (T.81, B.2.1). */
const isComplete = (jpeg: Buffer) =>
  jpeg.length > 4 && jpeg.readUInt16BE(0) === 0xffd8 && jpeg.readUInt16BE(jpeg.length - 2) === 0xffd9;

/** The init segment and the first two fragments: the picture shown first may be in the second. */
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
