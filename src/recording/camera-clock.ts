import type { Fragment } from '../mp4/fragment.ts';
import type { InitSegment } from '../mp4/init-segment.ts';
import { moved, retime, type SampleTimes, sampleTimes, usualDuration } from '../mp4/retime.ts';
import type { SessionClock } from './session-clock.ts';

/** A fragment that ends this far in the future (ms) cannot be right: nobody sends pictures before they are taken. */
const leapMs = 1_000;
/** ffmpeg never lets time run backwards: after a leap back each sample lasts one tick. So many are no coincidence. */
const squeezedSamples = 3;

/** The camera's clock leapt back; ffmpeg's output is of no use until it has caught up. */
export class ClockLeaptBack extends Error {
  constructor() {
    super('The camera’s clock leapt back.');
  }
}

interface TrackState {
  /** Ticks to add to all times from now on: what leaps have put too much. */
  shift: number;
  /** Ticks of a leap that was seen in the video and is still to come in this track. */
  owed: number;
  /** Where the track's newest sample ends, in ticks. */
  end: number;
}

/**
 * The media time of one session as if the camera's clock never leapt. A leap ahead (a camera that sets its clock
 * while it sends) shows as one sample that lasts as long as the leap; it is given its usual duration, and all that
 * follows is moved back, every track by the same time, so that picture and sound stay together.
 */
export class CameraClock {
  readonly #init: InitSegment;
  readonly #clock: SessionClock;
  readonly #tracks: ReadonlyMap<number, TrackState>;

  constructor(init: InitSegment, clock: SessionClock) {
    this.#init = init;
    this.#clock = clock;
    this.#tracks = new Map(init.tracks.map(({ id }) => [id, { shift: 0, owed: 0, end: 0 }]));
  }

  /**
   * @param arrivedAt when the fragment was complete, in epoch milliseconds
   * @throws ClockLeaptBack
   */
  straighten(fragment: Fragment, arrivedAt: number): Fragment {
    const { tracks } = this.#init;
    const video = fragment.runs.find((run) => run.kind === 'video');
    if (video) this.#lookForLeap(fragment, video.trackId, arrivedAt);
    const isStraight = [...this.#tracks.values()].every((state) => state.shift === 0 && state.owed === 0);
    const straight = isStraight
      ? fragment
      : retime(fragment, tracks, (times, { id }) => settle(times, this.#tracks.get(id)!));
    for (const run of straight.runs) this.#tracks.get(run.trackId)!.end = run.decodeTime + run.duration;
    return straight;
  }

  #lookForLeap(fragment: Fragment, videoId: number, arrivedAt: number): void {
    const { tracks } = this.#init;
    const { shift } = this.#tracks.get(videoId)!;
    const { timescale } = tracks.find(({ id }) => id === videoId)!;
    const endsAt = this.#clock.toWall(fragment.end + shift / timescale);
    const { durations } = sampleTimes(fragment, tracks).get(videoId)!;
    if (durations.length > squeezedSamples && durations.slice(-squeezedSamples).every((d) => d <= 1))
      throw new ClockLeaptBack();
    // Before its first observation the clock knows nothing.
    if (!Number.isFinite(endsAt) || endsAt - arrivedAt < leapMs) return;
    const leapSec = (Math.max(...durations) - (usualDuration(durations) ?? 0)) / timescale;
    if (leapSec * 1_000 < leapMs) return;
    for (const track of tracks) this.#tracks.get(track.id)!.owed = Math.round(leapSec * track.timescale);
  }
}

/** Takes the leap out of these times: out of the sample that lasts too long, or out of the hole in front of them. */
function settle(times: SampleTimes, state: TrackState): SampleTimes {
  const { owed, shift, end } = state;
  const durations = [...times.durations];
  const longest = durations.indexOf(Math.max(...durations));
  const isAhead = times.decodeTime + shift - end > owed / 2;
  if (owed > 0 && (isAhead || durations[longest]! > owed / 2)) {
    state.shift -= owed;
    state.owed = 0;
    if (isAhead) return moved(times, state.shift);
    durations[longest] = durations[longest]! - owed;
  }
  return moved({ ...times, durations }, shift);
}
