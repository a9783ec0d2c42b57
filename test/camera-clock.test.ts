// A video clock that runs wrong beside that of the sound, on a busy machine: when its fragments come is chosen.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readHead } from '../src/mp4/fragment.ts';
import { sampleTimes } from '../src/mp4/retime.ts';
import { Recording } from '../src/recording/recording.ts';
import { Ring } from '../src/recording/ring.ts';
import { asKnown, type FeedFragment, newSession, wallStart } from '../src/recording/session.ts';
import { steadyNow, WallClock } from '../src/recording/steady-clock.ts';
import { reaches, Timeline } from '../src/recording/timeline.ts';
import { TrackClock } from '../src/recording/track-clock.ts';
import { type ReportedFragment, reportedFragments, reportedInit } from './support/reported.ts';

interface Delivery {
  readonly fragments: readonly ReportedFragment[];
  /** When (ms) what would come at that time comes. */
  readonly comesAt: (atMs: number) => number;
}

type Taken = FeedFragment & Pick<ReportedFragment, 'taken'>;

/**
 * Records from `preRollMs` before `fromMs` to `toMs`.
 * @returns how far, at worst, the time of a picture is from its time on the wall clock, and by how much, at worst, picture
 * and sound are out of step, both in milliseconds
 */
function record({ fragments, comesAt }: Delivery, fromMs: number, toMs: number, preRollMs = 2_000) {
  const session = newSession(reportedInit, undefined);
  const ring = new Ring({ seconds: preRollMs / 1_000 + 2, maxBytes: () => Number.POSITIVE_INFINITY });
  const spool: { moof: Buffer; of: Taken }[] = [];
  let first: Taken | undefined;
  const timeline = new Timeline(() => wallStart(asKnown(first!)), 0);
  let isOver = false;
  const take = (fragment: Taken) => {
    first ??= fragment;
    const { moof, corrections } = timeline.place(fragment, spool.length);
    spool.push({ moof, of: fragment });
    for (const { at, moof: corrected } of corrections) {
      expect(corrected.length).toBe(spool[at]!.moof.length);
      spool[at]!.moof = corrected;
    }
    isOver ||= reaches(fragment, toMs);
  };
  for (const { head, atMs, taken } of fragments) {
    if (isOver) break;
    const now = comesAt(atMs);
    if (!first && now >= fromMs) for (const it of ring.from(fromMs - preRollMs)) take(it as Taken);
    const straight = session.camera.straighten({ ...head, mdat: [] }, now);
    const fragment: Taken = { ...straight, session, isLed: session.camera.isLed, taken };
    ring.push(fragment);
    if (first) take(fragment);
  }
  expect(isOver).toBe(true);

  const errors = spool.map(({ moof, of }) => {
    const times = sampleTimes(readHead(moof, of.mdatShape, reportedInit.tracks), reportedInit.tracks);
    const at = (id: number, timescale: number) => (times.get(id)?.decodeTime ?? Number.NaN) / timescale;
    return {
      video: (at(1, 90_000) - (of.taken.video - spool[0]!.of.taken.video)) * 1_000,
      audio: (at(2, 16_000) - (of.taken.audio - spool[0]!.of.taken.video)) * 1_000,
    };
  });
  // The sound of the first may begin before the first picture: then it has no place.
  const steps = errors.slice(2).map(({ video, audio }) => audio - video);
  return {
    worst: Math.max(...errors.map(({ video }) => Math.abs(video))),
    outOfStep: Math.max(...steps.filter(Number.isFinite).map(Math.abs)),
  };
}

const asItHappens = (atMs: number) => atMs;
/** Nothing comes for so long from then on; then all of it does. */
const stall = (fromMs: number, ms: number) => (atMs: number) =>
  atMs >= fromMs && atMs < fromMs + ms ? fromMs + ms : atMs;

for (const reportEverySec of [2.5, 5])
  for (const videoClockRate of [0.8, 1.2]) {
    const camera = `a video clock at ${videoClockRate}, reports every ${reportEverySec} s`;
    const fragments = reportedFragments({ videoClockRate, reportEverySec, seconds: 40 });
    const everyMs = reportEverySec * 1_000;
    // Of those behind the first seconds two tell, and one may be missed: they tell within the clip.
    const clip = [everyMs * 1.6, 5_000 + everyMs * 2.6] as const;

    test(`${camera}: a machine that is busy for a moment at one of them does no harm to a clip`, () => {
      for (const ms of [250, 600, 1_000])
        for (const report of [1, 2, 3])
          for (let from = report * everyMs - 1_500; from < report * everyMs + 200; from += 240) {
            const { worst, outOfStep } = record({ fragments, comesAt: stall(from, ms) }, ...clip);
            expect(worst, `${ms} ms at ${from}`).toBeLessThan(200);
            expect(outOfStep, `${ms} ms at ${from}`).toBeLessThan(200);
          }
    });

    test(`${camera}: what was recorded before they told is placed anew`, () => {
      const { worst, outOfStep } = record({ fragments, comesAt: asItHappens }, 1_000, 16_000);
      expect(worst).toBeLessThan(200);
      expect(outOfStep).toBeLessThan(200);
    });

    test(`${camera}: that each of them comes a little late does no harm to a clip`, () => {
      const comesAt = (atMs: number) => atMs + (atMs % everyMs < 200 ? 60 : 0);
      const { worst, outOfStep } = record({ fragments, comesAt }, everyMs * 5, everyMs * 7);
      expect(worst).toBeLessThan(200);
      expect(outOfStep).toBeLessThan(200);
    });

    test(`${camera}: when it has come right again, so do the clips`, () => {
      const dawn = reportedFragments({ videoClockRate, reportEverySec, seconds: 64, rightFromSec: 20 });
      const { worst, outOfStep } = record({ fragments: dawn, comesAt: asItHappens }, 50_000, 60_000);
      expect(worst).toBeLessThan(200);
      expect(outOfStep).toBeLessThan(200);
    });
  }

test.each([1.01, 0.985])(
  'a clock that is %f times as fast as ours makes the beginning of a long recording drift no more than its minute',
  async (drift) => {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-drift-'));
    const startedMs = 1_800_000_000_000;
    const sec = 600;
    let now = startedMs;
    const nothing = () => {};
    const recording = new Recording({
      ...{ folder: dir, leftover: undefined, clock: new WallClock(steadyNow) },
      ...{ onFirstFrame: nothing, onGap: nothing, onFormatChange: nothing },
    });
    const session = newSession(reportedInit, undefined);
    for (const { head, atMs } of reportedFragments({ videoClockRate: 1, reportEverySec: 5, seconds: sec })) {
      now = startedMs + atMs * drift;
      const { headerBytes, payloadBytes } = head.mdatShape;
      const mdat = Buffer.alloc(headerBytes + payloadBytes);
      mdat.writeUInt32BE(mdat.length);
      const fragment = { ...head, mdat: [mdat] };
      const straight = session.camera.straighten(fragment, now);
      recording.take({ ...straight, session, isLed: false });
    }
    recording.abort();
    const { clipStartedAt, gaps } = await recording.done();
    // Within what a minute of it is off.
    expect(Math.abs(clipStartedAt! - startedMs)).toBeLessThan(60_000 * Math.abs(drift - 1) + 200);
    expect(gaps).toEqual([]);

    const spool = await readFile(path.join(dir, (await readdir(dir))[0]!));
    const shape = { headerBytes: 8, payloadBytes: 2 ** 30 };
    let end = 0;
    for (let at = 0; at < spool.length; ) {
      const size = spool.readUInt32BE(at);
      if (spool.toString('latin1', at + 4, at + 8) === 'moof')
        end = readHead(spool.subarray(at, at + size), shape, reportedInit.tracks).end;
      at += size;
    }
    // Clip time is wall-clock time, to what a minute is off and what is put right at once.
    expect(Math.abs(clipStartedAt! + end * 1_000 - now)).toBeLessThan(60_000 * Math.abs(drift - 1) + 500);
    await rm(dir, { recursive: true });
  },
);

test('a pause of pictures that have no sound beside them stays one, however late those before it came', () => {
  const clock = new TrackClock(reportedInit.tracks[0]!, true);
  const halfSecond = { durations: Array(15).fill(3_000), compositionOffsets: Array(15).fill(0) };
  const place = (decodeTime: number, lateMs: number) => {
    const at = (decodeTime / 90_000) * 1_000 + 500 + lateMs;
    return clock.straighten({ decodeTime, ...halfSecond }, at, at).decodeTime;
  };
  for (let i = 0; i < 12; i++) expect(place(i * 45_000, i < 6 ? 0 : 2_500)).toBe(i * 45_000);
  expect(place(12 * 45_000 + 270_000, 0)).toBe(12 * 45_000 + 270_000);
});

test('a recording takes nothing of a camera whose first picture comes behind its end', async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-behind-'));
  const nothing = () => {};
  const recording = new Recording({
    ...{ folder: dir, leftover: undefined, clock: new WallClock(steadyNow) },
    ...{ onFirstFrame: nothing, onGap: nothing, onFormatChange: nothing },
  });
  recording.stopAt(steadyNow() + 1_000);
  const firstAt = steadyNow() + 10_000;
  const session = newSession(reportedInit, undefined);
  for (const { head, atMs } of reportedFragments({ videoClockRate: 1, reportEverySec: 5, seconds: 3 })) {
    const { headerBytes, payloadBytes } = head.mdatShape;
    const mdat = Buffer.alloc(headerBytes + payloadBytes);
    mdat.writeUInt32BE(mdat.length);
    const straight = session.camera.straighten({ ...head, mdat: [mdat] }, firstAt + atMs);
    recording.take({ ...straight, session, isLed: false });
  }
  expect((await recording.done()).clipStartedAt).toBeUndefined();
  expect(await readdir(dir)).toEqual([]);
  await rm(dir, { recursive: true });
});
