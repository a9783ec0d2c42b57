import { open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseAway, type Db, inDatabase } from '../db/client.ts';
import { removeStoryboard, saveStoryboard } from '../db/storyboards.ts';
import { RecordingFailure } from '../domain/failures.ts';
import type { FileRange } from '../domain/file-range.ts';
import { objectKeys } from '../domain/store-keys.ts';
import type { Ffmpeg } from '../ffmpeg/binary.ts';
import { makeStoryboard } from '../ffmpeg/storyboard.ts';
import type { Playback } from '../generated/prisma/client.ts';
import type { Log } from '../log.ts';
import { chooseKeyframes, keyframeMovie } from '../mp4/keyframe-movie.ts';
import type { SampleIndex } from '../mp4/sample-index.ts';
import { addPrivateFolder, privateFileMode } from '../private-folder.ts';
import type { Launcher } from '../processes/launcher.ts';
import { demandSpool } from '../spool/mark.ts';
import { bufferBody } from '../store/body.ts';
import type { Store } from '../store/store.ts';
import type { StoreWatch } from './store-watch.ts';
import { storyboardVtt } from './storyboard-vtt.ts';

export interface StoryboardsOptions {
  readonly db: Db;
  readonly store: Store;
  readonly storeWatch: StoreWatch;
  readonly launcher: Launcher;
  readonly ffmpeg: Ffmpeg;
  readonly recordDir: string;
  readonly log: Log;
}

type ReadRange = (range: FileRange) => Promise<Buffer>;

/** At most this many pictures, however long the clip is. */
const mostTiles = 100;
const leastSecPerTile = 1;
/** With more clips waiting, the machine cannot keep up, and new ones get no storyboard. */
const mostWaiting = 500;
/** How often one that could not be stored is tried again. */
const pollMs = 30_000;

/**
 * Makes storyboards: small pictures of a clip in one JPEG, and a WebVTT that says which one belongs to which second. A
 * clip's keyframes are copied while it is finished; the storyboard is made of them when it is COMPLETED, one after the
 * other, at a low priority. A clip whose storyboard cannot be made has none.
 */
export class Storyboards {
  readonly #options: StoryboardsOptions;
  /** Files of keyframes in `#folder`, oldest first; `nameOf` makes their names. */
  readonly #waiting: string[] = [];
  readonly #folder: string;
  readonly #stop = new AbortController();
  #poll: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;

  constructor(options: StoryboardsOptions) {
    this.#options = options;
    this.#folder = path.join(options.recordDir, '.storyboards');
    options.storeWatch.onBack(() => this.#nudge());
  }

  /** Continues with the keyframes that an earlier process left. */
  async start(): Promise<void> {
    const { log } = this.#options;
    try {
      this.#waiting.push(...(await readdir(this.#folder)).filter((name) => readName(name)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        log.warn({ error }, 'the keyframes that wait for their storyboards cannot be read');
    }
    this.#poll = setInterval(() => this.#nudge(), pollMs);
    this.#nudge();
  }

  /**
   * Copies a clip's keyframes, so that its storyboard can be made once its spool is removed. Never rejects.
   * @param read reads a range of the clip's payload, in bytes from its beginning
   * @returns call it when the playback is COMPLETED
   */
  async keep(playback: Playback, index: SampleIndex, read: ReadRange): Promise<() => void> {
    const { log } = this.#options;
    const playbackId = playback.id;
    if (this.#waiting.length >= mostWaiting) {
      log.warn({ playbackId }, 'the clip gets no storyboard, because too many others wait for theirs');
      return () => {};
    }
    try {
      const name = await this.#copyKeyframes(playback, index, read);
      return () => {
        if (!this.#waiting.includes(name)) this.#waiting.push(name);
        this.#nudge();
      };
    } catch (error) {
      log.warn({ playbackId, error }, 'the clip gets no storyboard');
      return () => {};
    }
  }

  async #copyKeyframes(playback: Playback, index: SampleIndex, read: ReadRange): Promise<string> {
    const keyframes = chooseKeyframes(index, leastSecPerTile, mostTiles);
    if (keyframes.length === 0) throw new Error('It has no keyframe.');
    const name = nameOf(playback, keyframes.length);
    const file = path.join(this.#folder, name);
    // While the spool's disk is not mounted, the folder would be made on another disk.
    await demandSpool(this.#options.recordDir);
    await addPrivateFolder(this.#folder);
    const handle = await open(`${file}.new`, 'w', privateFileMode);
    try {
      const movie = keyframeMovie(index, keyframes, ({ position, size }) =>
        read({ from: position, to: position + size }),
      );
      for await (const bytes of movie) await handle.write(bytes);
    } catch (error) {
      await rm(`${file}.new`, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
    await rename(`${file}.new`, file);
    return name;
  }

  #nudge(): void {
    if (this.#stop.signal.aborted) return;
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  async #work(): Promise<void> {
    const { storeWatch, log } = this.#options;
    while (this.#waiting[0] && !storeWatch.problem && !this.#stop.signal.aborted) {
      const name = this.#waiting[0];
      try {
        if (await this.#make(name)) await rm(path.join(this.#folder, name), { force: true });
        this.#waiting.shift();
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        log.warn({ file: name, error }, 'a storyboard cannot be stored now; trying again later');
        return;
      }
    }
  }

  /** @returns whether the file is no longer needed */
  async #make(name: string): Promise<boolean> {
    const { db, launcher, ffmpeg, log } = this.#options;
    const { facts, count } = readName(name)!;
    const playbackId = facts.id;
    const playback = await db.playback.findUnique({ where: { id: playbackId } });
    if (!playback) {
      // An earlier try may have stored something after the playback was deleted.
      await removeStoryboard(db, facts);
      return true;
    }
    // Its clip is not finished yet. The finisher copies the keyframes anew then.
    if (playback.recordingStatus !== 'COMPLETED') return playback.recordingStatus === 'FAILED';
    const movie = path.join(this.#folder, name);
    const { signal } = this.#stop;
    try {
      await this.#store(playback, await makeStoryboard(launcher, ffmpeg, movie, count, signal));
    } catch (error) {
      const isForLater = error instanceof DatabaseAway || isUnreachable(error);
      if (signal.aborted || isForLater) throw error;
      log.warn({ playbackId, error }, 'the clip gets no storyboard');
      await removeStoryboard(db, playback);
    }
    return true;
  }

  async #store(
    playback: Playback,
    { jpeg, tiles }: Awaited<ReturnType<typeof makeStoryboard>>,
  ): Promise<void> {
    const { db, store } = this.#options;
    const keys = objectKeys(playback);
    const { signal } = this.#stop;
    const vtt = Buffer.from(storyboardVtt(path.basename(keys.storyboard), tiles, playback.durationMs ?? 0));
    await store.put(keys.storyboard, bufferBody(jpeg), 'image/jpeg', { signal });
    await store.put(keys.storyboardVtt, bufferBody(vtt), 'text/vtt', { signal });
    const bytes = { storyboardBytes: jpeg.length, storyboardVttBytes: vtt.length };
    await inDatabase(saveStoryboard(db, playback, bytes));
  }

  async close(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#poll);
    await this.#working;
  }
}

const isUnreachable = (error: unknown) =>
  error instanceof RecordingFailure && error.code === 'STORE_UNREACHABLE';

/** What the object keys of a storyboard are made of. */
type StoryboardFacts = Pick<Playback, 'id' | 'cameraId' | 'startedAt'>;

/** The name has all that the storyboard's keys are made of, because the playback may be deleted before it is made. */
const nameOf = ({ id, cameraId, startedAt }: StoryboardFacts, keyframes: number): string =>
  `${id}_${cameraId}_${startedAt.getTime()}_${keyframes}.mp4`;

function readName(name: string): { facts: StoryboardFacts; count: number } | undefined {
  const [, id, cameraId, startedAt, count] =
    /^([0-9a-f-]{36})_([0-9a-f-]{36})_(\d+)_(\d+)\.mp4$/.exec(name) ?? [];
  if (id === undefined || cameraId === undefined) return undefined;
  return { facts: { id, cameraId, startedAt: new Date(Number(startedAt)) }, count: Number(count) };
}
