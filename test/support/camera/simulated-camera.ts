// A camera's timestamps, arrivals and reports as numbers, and a recording of them as the feed would make it.
import type { ClockRates } from '../../../src/recording/feed/session-clock.ts';
import { SessionClock } from '../../../src/recording/feed/session-clock.ts';
import { type Stamp, stampTime } from '../../../src/recording/feed/track-clock.ts';
import type { FragmentStamps } from '../../../src/recording/placed-fragments.ts';
import { type FragmentTimes, Placement } from '../../../src/recording/placement.ts';
import { roundMs } from '../../../src/rtsp/turns.ts';

const videoRate = 90_000;
const soundRate = 16_000;

/** Something that is sent: a picture, a frame of sound, or a report. All times in milliseconds. */
interface Sent {
  readonly kind: 'video' | 'sound' | 'videoReport' | 'soundReport';
  /** The time at which it was taken. */
  readonly takenMs: number;
  readonly arrivedAt: number;
  readonly timestamp: number;
  readonly session: number;
  readonly ntpMs: number;
}

export interface CameraOptions {
  readonly seconds: number;
  readonly fromMs?: number;
  readonly session?: number;
  readonly fps?: number;
  /** The times at which pictures are taken, in decode order, instead of fps. */
  readonly takenMs?: readonly number[];
  /** The duration of a frame of sound; 0: no sound. */
  readonly soundMs?: number;
  readonly soundFromMs?: number;
  readonly soundToMs?: number;
  /** The camera's RTP clocks: the timestamp in milliseconds of what was taken at that time. */
  readonly videoClock?: (takenMs: number, index: number) => number;
  readonly soundClock?: (takenMs: number, index: number) => number;
  /** When what was taken at that time arrives, in sending order. */
  readonly arrival?: (takenMs: number, index: number, kind: Sent['kind']) => number;
  /** Whether later packets never arrive earlier, as over one connection for all tracks. Default: false. */
  readonly isInOrder?: boolean;
  readonly reportEveryMs?: number;
  readonly firstReportMs?: number;
  /** The camera's wall clock. */
  readonly ntp?: (ms: number, kind: Sent['kind']) => number;
}

/** The same numbers in every run: a linear congruential generator. @returns 0 to 1 */
export function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const asItIs = (ms: number) => ms;

export function sent(options: CameraOptions): Sent[] {
  const { seconds, fromMs = 0, session = 0, fps = 15, soundMs = 64 } = options;
  const { videoClock = asItIs, soundClock = asItIs, ntp = asItIs, reportEveryMs = 5_000 } = options;
  const {
    soundFromMs = fromMs,
    soundToMs = fromMs + seconds * 1_000,
    firstReportMs = reportEveryMs,
  } = options;
  const random = noise(1);
  const arrival = options.arrival ?? ((ms: number) => ms + 30 + random() * 20);
  const until = fromMs + seconds * 1_000;
  const taken =
    options.takenMs ??
    Array.from({ length: Math.floor(seconds * fps) }, (_, i) => fromMs + (i * 1_000) / fps);
  const all: Sent[] = taken.map((takenMs, i) => ({
    ...{ kind: 'video' as const, takenMs, session, ntpMs: 0 },
    timestamp: stamp(videoClock(takenMs, i), videoRate),
    arrivedAt: arrival(takenMs, i, 'video'),
  }));
  for (let i = 0; soundMs > 0 && soundFromMs + (i + 1) * soundMs <= soundToMs; i += 1) {
    const takenMs = soundFromMs + i * soundMs;
    const timestamp = stamp(soundClock(takenMs, i), soundRate);
    const arrivedAt = arrival(takenMs, i, 'sound');
    all.push({ kind: 'sound', takenMs, session, ntpMs: 0, timestamp, arrivedAt });
  }
  for (let ms = fromMs + firstReportMs; reportEveryMs > 0 && ms < until; ms += reportEveryMs)
    for (const kind of soundMs > 0 ? (['videoReport', 'soundReport'] as const) : (['videoReport'] as const)) {
      const takenMs = kind === 'videoReport' ? ms : ms + 700;
      const clock =
        kind === 'videoReport'
          ? stamp(videoClock(takenMs, -1), videoRate)
          : stamp(soundClock(takenMs, -1), soundRate);
      all.push({
        kind,
        takenMs,
        session,
        ntpMs: ntp(takenMs, kind),
        timestamp: clock,
        arrivedAt: arrival(takenMs, -1, kind),
      });
    }
  if (options.isInOrder === false) return all.sort((a, b) => a.arrivedAt - b.arrivedAt);
  const sentMs = (it: Sent) => it.takenMs;
  const inOrder = options.takenMs ? all : all.sort((a, b) => sentMs(a) - sentMs(b));
  let newest = 0;
  return inOrder.map((it) => {
    newest = Math.max(newest, it.arrivedAt);
    return { ...it, arrivedAt: newest };
  });
}

const stamp = (ms: number, rate: number): number => Math.round((ms * rate) / 1_000) >>> 0;

interface Unit {
  readonly sent: Sent;
  readonly stamp: Stamp & { readonly duration: number };
}

interface Fragment {
  readonly pictures: Unit[];
  readonly sound: Unit[];
}

export interface RecordOptions {
  readonly fromMs: number;
  readonly toMs: number;
  readonly preRollMs?: number;
  readonly soundMs?: number;
  readonly mayReorder?: boolean;
  readonly rates?: ClockRates;
  /** The duration of the shortest fragment. */
  readonly fragmentMs?: number;
}

/** Records what was taken between two times, as feed and recording would. */
export function record(all: readonly Sent[], options: RecordOptions) {
  const { fromMs, toMs, preRollMs = 0, soundMs = 64, mayReorder = false, fragmentMs = 500 } = options;
  let rates = options.rates ?? {};
  let sessionId = -1;
  let session = new SessionClock({ rates });
  let clocks = { video: session.track(videoRate, 'video'), sound: session.track(soundRate, 'sound') };
  let open: Fragment = { pictures: [], sound: [] };
  const ring: Fragment[] = [];
  const placement = new Placement({ pictures: videoRate, sound: soundRate });
  const file: { fragment: Fragment; times: FragmentTimes }[] = [];
  const gaps: { from: number; to: number }[] = [];
  let corrections = 0;
  let isRecording = false;
  let readAt = 0;

  const write = (fragment: Fragment, next: Stamp | undefined) => {
    const stamps: FragmentStamps = {
      pictures: fragment.pictures.map((it) => it.stamp),
      sound: fragment.sound.map((it) => it.stamp),
      ...{ mayReorder, next },
    };
    const placed = placement.place(stamps, file.length);
    file.push({ fragment, times: placed.times });
    correct(placed.corrections);
    if (placed.gap) gaps.push(placed.gap);
  };
  const correct = (list: readonly { at: number; times: FragmentTimes }[]) => {
    corrections += list.length;
    for (const { at, times } of list) file[at]!.times = times;
  };
  const close = (next: Stamp | undefined, now: number) => {
    const fragment = open;
    open = { pictures: [], sound: [] };
    if (fragment.pictures.length === 0) return;
    if (isRecording) write(fragment, next);
    else ring.push(fragment);
    if (isRecording || now < fromMs) return;
    isRecording = true;
    const start = ring.findLastIndex((it) => stampTime(it.pictures[0]!.stamp) <= fromMs - preRollMs);
    const taken = ring.slice(Math.max(0, start));
    const [first] = taken;
    const begin = stampTime(first!.pictures[0]!.stamp);
    first!.sound.splice(
      0,
      first!.sound.findIndex((it) => stampTime(it.stamp) >= begin),
    );
    for (const [i, it] of taken.entries()) write(it, taken[i + 1]?.pictures[0]?.stamp ?? next);
  };

  for (const given of all) {
    // A feed with settled clocks is read in turns.
    const isSettled = given.session === sessionId && session.isSettled(given.arrivedAt);
    const comesAt = isSettled ? Math.ceil(given.arrivedAt / roundMs) * roundMs : given.arrivedAt;
    readAt = Math.max(readAt, comesAt);
    const it = { ...given, arrivedAt: readAt };
    if (it.session !== sessionId) {
      close(undefined, it.arrivedAt);
      if (sessionId >= 0) rates = session.rates;
      sessionId = it.session;
      session = new SessionClock({ rates });
      clocks = { video: session.track(videoRate, 'video'), sound: session.track(soundRate, 'sound') };
    }
    const clock = it.kind.startsWith('video') ? clocks.video : clocks.sound;
    if (it.kind.endsWith('Report')) {
      clock.report(it.ntpMs, it.timestamp, it.arrivedAt);
      continue;
    }
    const duration = it.kind === 'sound' ? (soundMs * soundRate) / 1_000 : 0;
    const { run, ticks } = clock.note({ timestamp: it.timestamp, arrivedAt: it.arrivedAt });
    const unit = { sent: given, stamp: { run, ticks, duration } };
    if (it.kind === 'sound') {
      open.sound.push(unit);
      continue;
    }
    const first = open.pictures[0];
    const isReordered = mayReorder && open.pictures.some(({ sent }) => sent.takenMs > it.takenMs);
    if (first && !isReordered && it.takenMs - first.sent.takenMs >= fragmentMs)
      close(unit.stamp, it.arrivedAt);
    if (isRecording && stampTime(unit.stamp) > toMs) break;
    open.pictures.push(unit);
  }
  close(undefined, toMs);
  correct(placement.correct());
  return { ...judge(all, file), gaps, corrections, rates: session.rates, origin: placement.originMs!, file };
}

function judge(all: readonly Sent[], file: readonly { fragment: Fragment; times: FragmentTimes }[]) {
  const pictures: { takenMs: number; clipMs: number; decodeMs: number; lengthMs: number }[] = [];
  const sound: { takenMs: number; clipMs: number; lengthMs: number }[] = [];
  for (const { fragment, times } of file) {
    let at = times.pictures.decodeTime;
    for (const [i, { sent }] of fragment.pictures.entries()) {
      const clipMs = ((at + times.pictures.compositionOffsets[i]!) / videoRate) * 1_000;
      const lengthMs = (times.pictures.durations[i]! / videoRate) * 1_000;
      pictures.push({ takenMs: sent.takenMs, clipMs, decodeMs: (at / videoRate) * 1_000, lengthMs });
      at += times.pictures.durations[i]!;
    }
    at = times.sound.decodeTime;
    for (const [i, { sent }] of fragment.sound.entries()) {
      const lengthMs = (times.sound.durations[i]! / soundRate) * 1_000;
      sound.push({ takenMs: sent.takenMs, clipMs: (at / soundRate) * 1_000, lengthMs });
      at += times.sound.durations[i]!;
    }
  }
  const zero = Math.min(...pictures.map(({ takenMs }) => takenMs));
  const sentPictures = all.filter(({ kind }) => kind === 'video');
  const [firstSent, lastSent] = [0, -1].map((i) =>
    sentPictures.indexOf(file.at(i)!.fragment.pictures.at(i)!.sent),
  ) as [number, number];
  const last = Math.max(...pictures.map(({ takenMs }) => takenMs));
  const errors = pictures.map((it) => it.clipMs - (it.takenMs - zero));
  const soundErrors = sound.map((it) => it.clipMs - (it.takenMs - zero));
  const steps = sound.map((it, i) => {
    const near = pictures.findLastIndex((picture) => picture.takenMs <= it.takenMs);
    return near < 0 ? 0 : soundErrors[i]! - errors[near]!;
  });
  return {
    pictures,
    sound,
    errors,
    steps,
    worst: Math.max(...errors.map(Math.abs)),
    outOfStep: Math.max(0, ...steps.map(Math.abs)),
    shortest: Math.min(...pictures.map(({ lengthMs }) => lengthMs)),
    zero,
    /** The number of pictures sent from the first recorded one to the last. */
    sentInAll: lastSent - firstSent + 1,
    reach: last,
    longest: Math.max(...pictures.map(({ lengthMs }) => lengthMs)),
  };
}
