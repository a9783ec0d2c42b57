import type { Format, SoundFormat } from '../../codecs/format.ts';
import type { ReadingFacts } from '../../db/cameras.ts';
import type { CameraProblem } from '../../domain/camera-errors.ts';
import { scrubCredentials } from '../../domain/stream-url.ts';
import type { Ffmpeg } from '../../ffmpeg/binary.ts';
import type { FootageMemory } from '../../footage/memory.ts';
import { FootageWriter } from '../../footage/writer.ts';
import { ReorderDepth } from '../../mp4/decode-order.ts';
import type { Fragment } from '../../mp4/fragment.ts';
import { type FragmentUnit, unitsOf } from '../../mp4/fragment-units.ts';
import type { Track } from '../../mp4/init-segment.ts';
import { createSplitter } from '../../mp4/splitter.ts';
import { formatOf } from '../../mp4/track-format.ts';
import type { Launcher } from '../../processes/launcher.ts';
import type { CameraToRead } from './create-source.ts';
import type { FeedSession } from './feed-unit.ts';
import { withAddress } from './ffmpeg-address.ts';
import { feedArgs, feedScript, learn } from './ffmpeg-args.ts';
import { explain, refusesCredentials } from './ffmpeg-words.ts';
import type { CameraKnowledge } from './knowledge.ts';
import { PicturePace } from './picture-pace.ts';
import { SessionClock } from './session-clock.ts';
import { CannotRead, noPicture, type Source, type SourceEnd, type TakeUnit } from './source.ts';
import type { TrackClock } from './track-clock.ts';

export interface FfmpegSourceOptions {
  readonly camera: Pick<CameraToRead, 'rtspUrl' | 'transport' | 'tls'>;
  /** Why ffmpeg reads the camera, as a sentence. */
  readonly reason: string;
  readonly privateCameras: boolean;
  readonly launcher: Launcher;
  readonly ffmpeg: Ffmpeg;
  readonly memory: FootageMemory;
  readonly knowledge: CameraKnowledge;
  readonly take: TakeUnit;
}

/** How long (ms) a new recording waits for sound that the camera has announced. */
const soundWithinMs = 1_000;

interface Reception {
  readonly track: Track;
  readonly format: Format;
  readonly clock: TrackClock;
  readonly writer: FootageWriter;
  /** The first units, until the time of the very first one is known. */
  held: { readonly unit: FragmentUnit; readonly fragment: Fragment }[] | undefined;
}

/** Reads a camera with an ffmpeg process of its own. ffmpeg's timestamps are used as they are. */
export class FfmpegSource implements Source, FeedSession {
  readonly #options: FfmpegSourceOptions;
  readonly #pace: PicturePace;
  readonly #clock = new SessionClock({ isTrusted: true });
  readonly #reorder = new ReorderDepth();
  readonly #ending = new AbortController();
  #receptions = new Map<Track['id'], Reception>();
  #beganAt: number | undefined;
  #soundFormat: SoundFormat | undefined;
  #problem: CameraProblem | undefined;
  #facts: ReadingFacts;

  constructor(options: FfmpegSourceOptions) {
    this.#options = options;
    const { camera, reason, knowledge } = options;
    this.#pace = new PicturePace(performance.now(), knowledge.pictureIntervalMs);
    const transport = camera.transport === 'UDP' ? 'UDP' : 'TCP';
    this.#facts = { reader: 'FFMPEG', transport, reason };
    if (knowledge.ffmpeg.audio === 'none')
      this.#facts = { ...this.#facts, soundLeftOut: 'ffmpeg cannot decode the camera’s sound.' };
  }

  get facts(): ReadingFacts {
    return this.#facts;
  }

  get soundFormat(): SoundFormat | undefined {
    return this.#soundFormat;
  }

  get awaitsSound(): boolean {
    const isAnnounced = [...this.#receptions.values()].some(({ format }) => format.kind === 'sound');
    const sinceBegin = performance.now() - (this.#beganAt ?? Number.POSITIVE_INFINITY);
    return isAnnounced && !this.#soundFormat && sinceBegin < soundWithinMs;
  }

  get reorderDepth(): number {
    return this.#reorder.depth;
  }

  /** @throws CannotRead if ffmpeg must not read the camera */
  async run(signal: AbortSignal): Promise<SourceEnd> {
    const { camera, launcher, ffmpeg, knowledge } = this.#options;
    this.#demandSafety();
    const script = feedScript(await withAddress(camera.rtspUrl), this.#facts.transport, knowledge.ffmpeg);
    const splitter = createSplitter({
      onInit: ({ tracks }) => this.#begin(tracks),
      onFragment: (fragment) => this.#take(fragment),
    });
    const { stderr } = await launcher.stream('feed', ffmpeg.path, feedArgs(knowledge.ffmpeg), {
      onInput: (input) => input.end(script),
      onOutput: (bytes) => {
        if (this.#problem) return;
        try {
          splitter.push(bytes);
        } catch (error) {
          this.#kill({ code: 'OTHER', message: (error as Error).message });
        }
      },
      end: AbortSignal.any([signal, this.#ending.signal]),
    });
    for (const reception of this.#receptions.values()) {
      this.#releaseHeld(reception);
      reception.writer.close();
    }
    knowledge.pictureIntervalMs = this.#pace.longestMs;
    const learnt = learn(knowledge.ffmpeg, stderr);
    if (learnt) {
      knowledge.ffmpeg = learnt.reading;
      return { problem: { code: 'OTHER', message: learnt.why }, isRefused: false };
    }
    const said = scrubCredentials(stderr).trim();
    return { problem: this.#problem ?? explain(said), isRefused: refusesCredentials(said) };
  }

  tick(now: number): string | undefined {
    if (this.#problem) return undefined;
    const stall = this.#pace.problem(now);
    if (stall) this.#kill(noPicture(stall));
    return stall;
  }

  #demandSafety(): void {
    const { camera, privateCameras, ffmpeg } = this.#options;
    if (!privateCameras)
      throw new CannotRead('ffmpeg follows redirects to any address, which PRIVATE_CAMERAS=false forbids.');
    if (camera.rtspUrl.toLowerCase().startsWith('rtsps:') && camera.tls !== 'ANY')
      throw new CannotRead(
        'ffmpeg does not check certificates: the camera’s TLS setting has to be ANY for it.',
      );
    if (!ffmpeg.readsScripts)
      throw new CannotRead(
        `ffmpeg ${ffmpeg.version} needs the camera’s password on its command line; 5.0 and later do not.`,
      );
  }

  #kill(problem: CameraProblem): void {
    this.#problem = problem;
    this.#ending.abort('SIGKILL');
  }

  #begin(tracks: readonly Track[]): void {
    for (const track of tracks) {
      const kind = track.kind === 'video' ? 'video' : 'sound';
      this.#receptions.set(track.id, {
        track,
        // Parameter sets that ffmpeg leaves in the stream are ignored.
        format: { ...formatOf(track), ...(track.kind === 'video' && { needsSets: true }) } as Format,
        clock: this.#clock.track(track.timescale, kind),
        writer: new FootageWriter(this.#options.memory),
        held: [],
      });
    }
  }

  #take(fragment: Fragment): void {
    if (this.#problem) return;
    this.#beganAt ??= performance.now();
    const tracks = [...this.#receptions.values()].map(({ track }) => track);
    for (const unit of unitsOf(fragment, tracks)) {
      const reception = this.#receptions.get(unit.trackId)!;
      if (!reception.held) this.#give(reception, fragment, unit, unit.decodeTime);
      else if (reception.held.push({ unit, fragment }) === 3) this.#releaseHeld(reception);
    }
  }

  /**
   * ffmpeg gives the first sample of each track the time 0, whenever it was taken (mov muxer, empty_moov). Its right
   * time is computed from the next two samples: it is as far before the second as the second is before the third.
   */
  #releaseHeld(reception: Reception): void {
    const held = reception.held ?? [];
    reception.held = undefined;
    const [, second, third] = held.map(({ unit }) => unit.decodeTime);
    for (const [i, { unit, fragment }] of held.entries()) {
      const isFirst = i === 0 && second !== undefined && third !== undefined;
      const decodeTime = isFirst ? Math.max(unit.decodeTime, 2 * second - third) : unit.decodeTime;
      this.#give(reception, fragment, unit, decodeTime);
    }
  }

  #give(
    { format, clock, writer }: Reception,
    fragment: Fragment,
    unit: FragmentUnit,
    decodeTime: number,
  ): void {
    const arrivedAt = performance.now();
    const shown = decodeTime + unit.compositionOffset;
    const timed = { timestamp: shown >>> 0, arrivedAt };
    const stamp = clock.note(timed);
    if (format.kind === 'sound') {
      this.#soundFormat = format;
      this.#pace.sawSound(arrivedAt);
    } else {
      this.#reorder.note(stamp.ticks);
      this.#pace.sawPicture(arrivedAt);
    }
    writer.copy(fragment.mdat[0]!, unit.from, unit.to);
    this.#options.take({
      ...timed,
      footage: writer.finish(),
      isSync: unit.isSync || format.kind === 'sound',
      format,
      duration: format.kind === 'sound' ? unit.duration : 0,
      session: this,
      stamp,
    });
  }
}
