import type { Fragment, FragmentHead } from '../mp4/fragment.ts';
import type { InitSegment, Track } from '../mp4/init-segment.ts';
import { retime, type SampleTimes, sampleTimes, usualDuration } from '../mp4/retime.ts';
import { interleaveMs } from './ffmpeg-args.ts';
import type { SessionClock } from './session-clock.ts';
import { TrackClock } from './track-clock.ts';

/** A fragment that ends this far in the future (ms) cannot be right: nobody sends pictures before they are taken. */
const leapMs = 1_000;
/** By arrivals both rates are measured, one maybe a little later than the other: a difference counts when it has lasted so long (ms). */
const besideMs = 2_000;
/** So long (ms) after its beginning a session has shown what its clocks are like. */
const knownMs = 15_000;
/** A track that has sent nothing for so long (ms) is not waited for any more. */
const silentMs = 1_500;
/** Where time stands still for longer than this (ms), it is no report that set it right: the camera's clock leapt back. */
const standstillMs = 2_500;

/** The camera's clock leapt back; ffmpeg's output is of no use until it has caught up. */
export class ClockLeaptBack extends Error {
  constructor() {
    super('The camera’s clock leapt back.');
  }
}

/**
 * The media time of one session as if the camera's clock never leapt, and as if all its tracks had the same one. A
 * leap ahead (a camera that sets its clock while it sends) is taken out of every track, so that picture and sound
 * stay together. A video clock that runs wrong beside that of the sound (a camera that stamps 25 pictures a second
 * and sends 20 in the dark) is led by the sound's: samples of sound are counted by a crystal.
 */
export class CameraClock {
  readonly #init: InitSegment;
  readonly #clock: SessionClock;
  readonly #tracks: ReadonlyMap<Track['id'], TrackClock>;
  readonly #video: TrackClock | undefined;
  readonly #sound: TrackClock | undefined;
  /** Picture and sound were seen to run at different rates. */
  #isLed = false;
  #beganAt: number | undefined;
  #newestAt = 0;
  #besideSince: number | undefined;

  constructor(init: InitSegment, clock: SessionClock) {
    this.#init = init;
    this.#clock = clock;
    const isAlone = init.tracks.length === 1;
    this.#tracks = new Map(init.tracks.map((track) => [track.id, new TrackClock(track, isAlone)]));
    const tracks = [...this.#tracks.values()];
    this.#video = tracks.find(({ track }) => track.kind === 'video');
    this.#sound = tracks.find(({ track }) => track.kind === 'audio');
  }

  /**
   * Takes the session's next fragment, and tells the session's clock of it.
   * @param arrivedAt when the fragment was complete, in epoch milliseconds
   * @throws ClockLeaptBack
   */
  straighten(fragment: Fragment, arrivedAt: number): Fragment {
    const { tracks } = this.#init;
    const times = sampleTimes(fragment, tracks);
    this.#beganAt ??= arrivedAt;
    this.#newestAt = arrivedAt;
    const pictures = this.#video && times.get(this.#video.track.id);
    if (this.#video && pictures) this.#lookForLeap(fragment, this.#video, pictures, arrivedAt);
    const seenAt = arrivedAt - this.#heldMs(times, arrivedAt);
    const straight = new Map<Track['id'], SampleTimes>();
    for (const [id, of] of times) {
      const track = this.#tracks.get(id)!;
      straight.set(id, track.straighten(of, arrivedAt, seenAt));
      if (track.squeezedMs(arrivedAt) > standstillMs) throw new ClockLeaptBack();
    }
    this.#lead(straight, arrivedAt);
    const isAsItWas = !this.#isLed && [...this.#tracks.values()].every((track) => track.isStraight);
    const result = isAsItWas ? fragment : retime(fragment, tracks, (_, { id }) => straight.get(id)!);
    this.#observe(result, seenAt);
    return result;
  }

  /** Whether pictures are led by the sound. */
  get isLed(): boolean {
    return this.#isLed;
  }

  /** Whether it may still turn out that they have to be led, and have to have been from the beginning. */
  get isInDoubt(): boolean {
    if (this.#isLed || !this.#video || !this.#sound) return false;
    return this.#newestAt - this.#beganAt! < knownMs || this.#video.mayBeTied;
  }

  /** What was straightened before pictures were led, as if they had been. */
  ledAgain<Kind extends FragmentHead>(fragment: Kind): Kind {
    const video = this.#video!;
    return retime(fragment, this.#init.tracks, (times, { id }) =>
      id === video.track.id ? video.ledAgain(times) : times,
    );
  }

  #lead(straight: Map<Track['id'], SampleTimes>, arrivedAt: number): void {
    const [video, sound] = [this.#video, this.#sound];
    const pictures = video && straight.get(video.track.id);
    if (!pictures || !sound) return;
    this.#besideSince = video.runsBeside(sound) ? (this.#besideSince ?? arrivedAt) : undefined;
    const isBeside = this.#besideSince !== undefined && arrivedAt - this.#besideSince >= besideMs;
    if (this.#isLed) straight.set(video.track.id, video.beside(pictures, sound));
    else if (video.isTied || isBeside) {
      this.#isLed = true;
      video.follow(sound);
      this.#clock.adopt(sound.clock, video.isTied ? video : undefined);
      straight.set(video.track.id, video.ledAgain(pictures));
    }
  }

  #observe(fragment: Fragment, seenAt: number): void {
    const leading = fragment.runs.find((run) => run.kind === (this.#isLed ? 'audio' : 'video'));
    if (!leading) return;
    const { decodeTime, duration, timescale, samples } = leading;
    this.#clock.observe((decodeTime + duration) / timescale, seenAt, duration / timescale / samples);
  }

  /** How long samples that came now have waited in vain for those of another track, which sends none. */
  #heldMs(times: ReadonlyMap<Track['id'], SampleTimes>, now: number): number {
    const isSilent = ([id, { arrivedAt }]: [Track['id'], TrackClock]) =>
      !times.has(id) && now - (arrivedAt ?? this.#beganAt ?? now) > silentMs;
    return [...this.#tracks].some(isSilent) ? interleaveMs : 0;
  }

  #lookForLeap(fragment: Fragment, video: TrackClock, { durations }: SampleTimes, arrivedAt: number): void {
    const { shift, sharedShift } = video;
    const { timescale } = video.track;
    const endsAt = this.#clock.toWall(fragment.end + shift / timescale);
    // Before its first observation the clock knows nothing.
    if (!Number.isFinite(endsAt) || endsAt - arrivedAt < leapMs) return;
    const leapSec = (Math.max(...durations) - (usualDuration(durations) ?? 0)) / timescale;
    if (leapSec * 1_000 < leapMs || video.isUsualLeap(leapSec * timescale)) return;
    // A report that sets pictures right brings them level with the sound; a leap of all takes them ahead of it.
    const soundIsAt = this.#sound?.clock.toMedia(arrivedAt) ?? Number.NEGATIVE_INFINITY;
    if (fragment.end + sharedShift / timescale - soundIsAt < leapSec / 2) return;
    for (const it of this.#tracks.values()) it.owed = Math.round(leapSec * it.track.timescale);
  }
}
