import { setTimeout as sleep } from 'node:timers/promises';
import type { SoundFormat, VideoFormat } from '../../codecs/format.ts';
import type { CameraTrial } from '../../db/cameras.ts';
import { type CameraProblem, cameraErrorCode } from '../../domain/camera-errors.ts';
import { scrubCredentials } from '../../domain/stream-url.ts';
import type { Ffmpeg } from '../../ffmpeg/binary.ts';
import { jpegOf } from '../../ffmpeg/jpeg.ts';
import type { Launcher } from '../../processes/launcher.ts';
import { clipFormat } from '../sound/encoder.ts';
import type { CameraToRead, CreateSource } from './create-source.ts';
import type { FeedUnit } from './feed-unit.ts';
import { nothingKnown } from './knowledge.ts';
import { movieOf } from './picture.ts';
import { noPicture, type Source } from './source.ts';
import { type SeenPicture, streamRates } from './stream-rates.ts';

export interface TrialOptions {
  readonly createSource: CreateSource;
  readonly launcher: Launcher;
  readonly ffmpeg: Ffmpeg;
}

/** How long a camera is looked at (ms): in all, and at least and at most after its first picture. */
const look = { all: 7_000, least: 1_500, most: 4_000 };
const tickMs = 250;
/** The answer is given after this long (ms), even if the JPEG is not made yet. */
const answerMs = 9_500;

/**
 * Connects to a camera, looks at its stream for a few seconds, and disconnects. Answers within ten seconds; never
 * rejects.
 * @param pinned SHA-256 of the certificate that is accepted with PINNED
 */
export async function tryCamera(
  camera: CameraToRead & { readonly tlsFingerprint?: string | null },
  { createSource, launcher, ffmpeg }: TrialOptions,
): Promise<CameraTrial> {
  const answerAt = performance.now() + answerMs;
  const seen = new Look();
  const leave = new AbortController();
  const knowledge = { ...nothingKnown(), tlsFingerprint: camera.tlsFingerprint ?? undefined };
  let source: Source | undefined;
  let problem: CameraProblem | undefined;
  try {
    source = createSource({ camera, knowledge, take: (unit) => seen.take(unit), onCertificate: () => {} });
    const present = source;
    const ticker = setInterval(() => present.tick(performance.now()), tickMs);
    const ended = present.run(leave.signal).then((end) => end.problem);
    problem = await Promise.race([ended, seen.enough, sleep(look.all, undefined, { signal: leave.signal })])
      .catch(problemOf)
      .finally(() => clearInterval(ticker));
    ended.catch(() => {}); // the error is reported above, or the trial is over
  } catch (error) {
    problem = problemOf(error as Error);
  }
  leave.abort();
  if (seen.isPicture) problem = undefined;
  else problem ??= noPicture(`No picture came within ${look.all / 1_000} seconds.`);
  // If no JPEG can be made, the other findings are still returned.
  const jpeg = seen.movie && jpegOf(launcher, ffmpeg, seen.movie).catch(() => undefined);
  return {
    problem,
    reading: source?.facts,
    ...seen.facts(),
    jpeg: await Promise.race([jpeg, sleep(answerAt - performance.now(), undefined, { ref: false })]),
  };
}

const problemOf = (error: Error): CameraProblem => ({
  code: cameraErrorCode(error),
  message: scrubCredentials(error.message),
});

/** Collects what a camera sends. */
class Look {
  #video: VideoFormat | undefined;
  #sound: SoundFormat | undefined;
  readonly #pictures: SeenPicture[] = [];
  #firstAt = 0;
  #keyframes = 0;
  movie: Buffer | undefined;
  #tellEnough = () => {};
  /** Resolves when looking longer would add nothing. */
  readonly enough = new Promise<undefined>((resolve) => {
    this.#tellEnough = () => resolve(undefined);
  });

  get isPicture(): boolean {
    return this.movie !== undefined;
  }

  take(unit: FeedUnit): void {
    const { format, footage, isSync, stamp, arrivedAt } = unit;
    if (format.kind === 'sound') this.#sound = format;
    else if (isSync || this.movie) {
      this.#video = format;
      this.movie ??= movieOf(unit);
      if (isSync) this.#keyframes++;
      if (this.#pictures.length === 0) this.#firstAt = arrivedAt;
      this.#pictures.push({ stamp, isSync, bytes: footage.bytes });
      const lookedMs = arrivedAt - this.#firstAt;
      if (lookedMs >= look.most || (lookedMs >= look.least && this.#keyframes > 2)) this.#tellEnough();
    }
    footage.release();
  }

  facts() {
    return {
      codec: this.#video?.codecString,
      audioCodec: this.#sound && clipFormat(this.#sound).codecString,
      resolution: this.#video && `${this.#video.width}x${this.#video.height}`,
      ...streamRates(this.#pictures),
    };
  }
}
