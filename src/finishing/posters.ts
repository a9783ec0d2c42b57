import { access, chmod, open, readFile, rename, writeFile } from 'node:fs/promises';
import type { Ffmpeg } from '../ffmpeg/binary.ts';
import { jpegOf, writeJpegs } from '../ffmpeg/jpeg.ts';
import { privateFileMode } from '../private-folder.ts';
import type { Launcher } from '../processes/launcher.ts';
import { readBeginning, type SpoolContents } from '../spool/reader.ts';
import { findSpool, spoolPoster } from '../spool/spool.ts';

/** The delay after a recording's first picture, so that posters do not compete with the start of other recordings. */
const earlyAfterMs = 2_000;
/**
 * How many posters one ffmpeg makes. Most of the cost of a poster is the start of ffmpeg: one alone takes 0.107 s of
 * processor time, each of eight takes 0.041 s.
 */
const togetherAtMost = 8;
/** The first picture that is shown may be in the second fragment. */
const beginningFragments = 2;

export interface PostersOptions {
  readonly launcher: Launcher;
  readonly ffmpeg: Ffmpeg;
  readonly recordDir: string;
}

/**
 * Makes posters: a JPEG of each clip's first picture, 640 pixels wide. Posters are made during the recording and kept in
 * the spool, so that finishing need not wait for them and retries do not decode the footage again.
 */
export class Posters {
  readonly #options: PostersOptions;
  readonly #making = new Map<string, Promise<Buffer>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Playbacks whose posters are due. */
  readonly #due: string[] = [];
  #early: Promise<void> | undefined;
  #closed = false;

  constructor(options: PostersOptions) {
    this.#options = options;
  }

  /**
   * Call it when a recording has its first picture. Only one ffmpeg runs at a time, to leave the processor to feeds.
   * That ffmpeg makes the posters of several playbacks.
   */
  expect(playbackId: string): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#due.push(playbackId);
      this.#early ??= this.#makeDue().finally(() => {
        this.#early = undefined;
      });
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
   * The playback's poster. It is read from the spool if it is there. If it is being made, this waits for it; otherwise
   * it is made now.
   * @throws Error if ffmpeg cannot decode the footage
   */
  of(playbackId: string, spoolFile: string, contents: SpoolContents): Promise<Buffer> {
    return (
      this.#making.get(playbackId) ?? this.#share(playbackId, this.#make(playbackId, spoolFile, contents))
    );
  }

  /**
   * The poster of a clip that has no spool here.
   * @param movie the clip's beginning, with its first picture
   * @throws Error if ffmpeg cannot decode it
   */
  ofMovie(movie: Buffer): Promise<Buffer> {
    return jpegOf(this.#options.launcher, this.#options.ffmpeg, movie);
  }

  async #makeDue(): Promise<void> {
    while (this.#due.length > 0 && !this.#closed) {
      const ids = this.#due.splice(0, togetherAtMost);
      const footage = await Promise.all(
        ids.map((id) => this.#beginningOf(id).catch(() => undefined)), // the finisher tries again
      );
      await this.#makeTogether(footage.filter((it) => it !== undefined));
    }
  }

  /** Where the playback's first pictures are; undefined if nothing is recorded, or if the poster is being made. */
  async #beginningOf(playbackId: string): Promise<Beginning | undefined> {
    const spool = await findSpool(this.#options.recordDir, playbackId);
    const contents = spool && (await readBeginning(spool.file, beginningFragments));
    return contents && !this.#making.has(playbackId) ? { playbackId, file: spool.file, contents } : undefined;
  }

  async #makeTogether(footage: readonly Beginning[]): Promise<void> {
    // One ffmpeg makes all posters, or none if it cannot decode one of the movies. The loop then makes the missing ones
    // one by one; if a poster exists, `#make` only reads it.
    let before: Promise<unknown> = this.#writeTogether(footage).catch(() => {});
    for (const { playbackId, file, contents } of footage) {
      const previous = before;
      const making = previous.then(() => this.#make(playbackId, file, contents));
      this.#share(playbackId, making).catch(() => {}); // the finisher tries again and logs the error
      before = making.catch(() => {}); // the same error
    }
    await before;
  }

  async #writeTogether(footage: readonly Beginning[]): Promise<void> {
    if (footage.length < 2) return;
    const { launcher, ffmpeg, recordDir } = this.#options;
    const jpegs = footage.map(({ playbackId }) => `${spoolPoster(recordDir, playbackId)}.early`);
    const movies = footage.map(({ file, contents }) => ({ file, bytes: endOfBeginning(contents) }));
    await writeJpegs(launcher, ffmpeg, movies, jpegs);
    for (const [i, { playbackId }] of footage.entries()) {
      const file = jpegs[i]!;
      if (!isComplete(await readFile(file))) continue;
      await chmod(file, privateFileMode);
      await rename(file, spoolPoster(recordDir, playbackId));
    }
  }

  #share(playbackId: string, making: Promise<Buffer>): Promise<Buffer> {
    const shared = making.finally(() => this.#making.delete(playbackId));
    this.#making.set(playbackId, shared);
    return shared;
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

/**
 * A poster is not synced, so a power cut may leave only part of it. A JPEG begins with SOI and ends with EOI (T.81,
 * B.2.1).
 */
const isComplete = (jpeg: Buffer) =>
  jpeg.length > 4 && jpeg.readUInt16BE(0) === 0xffd8 && jpeg.readUInt16BE(jpeg.length - 2) === 0xffd9;

interface Beginning {
  readonly playbackId: string;
  readonly file: string;
  readonly contents: SpoolContents;
}

/** Where the second fragment ends in the spool, in bytes. */
const endOfBeginning = ({ payloads }: SpoolContents): number =>
  payloads[Math.min(beginningFragments, payloads.length) - 1]!.to;

/** The init segment and the first two fragments: the picture shown first may be in the second. */
async function beginning(spoolFile: string, contents: SpoolContents): Promise<Buffer> {
  const end = endOfBeginning(contents);
  const file = await open(spoolFile, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(end), 0, end, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
