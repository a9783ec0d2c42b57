// What cameras cost that are always read, and what overlapping events cost.
import { setTimeout as sleep } from 'node:timers/promises';
import { awaitEnd, createEvent, download, endEvent } from '../../support/app/playbacks.ts';
import { figure, heading, ms, percentile } from '../figures.ts';
import { startReferences, untilRecorded } from '../reference.ts';
import { fullHd } from './cameras.ts';
import { inTurns, lookAtEach, missingFrames } from './clips.ts';
import { type Rig, ringBytes, standUp, statesSince, untilLive } from './rig.ts';
import { sum, type Usage, usageOver } from './usage.ts';

const windowSec = 20;
const mib = 2 ** 20;
/** By then, the posters and pre-rolls of the beginning are done, and the reference has probed the streams. */
const settleMs = 3_000;
const percent = (value: number) => `${value.toFixed(3)} %`;
const percents = (...values: number[]) => values.map(percent).join(', ');

/** By then, V8 has compiled what runs all the time. A camera is read for months, an event is recorded for a minute. */
const compiledMs = { cameras: 60_000, events: 20_000 };

/** With more cameras than this, the reference does not keep up on two cores, and its figures say nothing. */
const mostCompared = 64;
/** Each writes half a megabyte per second; a disk cannot take more of them. */
const mostRecorded = 128;
/** How many clips are examined. */
const mostLooked = 64;
const preRollSec = 5;
const gopSec = 2;

interface Memory {
  readonly count: number;
  /** PSS of the server without its rings, in MiB. */
  readonly mib: number;
}

/** Measured earlier in the same run, with fewer cameras. */
const memories: Memory[] = [];

/**
 * The cost of cameras, first with only their rings, then with an event at each. The events' clips show whether a frame
 * was lost. The reference has to record all the time, because otherwise it misses the beginning of events.
 */
export async function benchCameras(count: number): Promise<void> {
  const environment = { MAX_RECORDINGS: `${2 * count}`, RINGS_MAX_BYTES: `${count * 16 * mib}` };
  const rig = await standUp({ count, capture: fullHd, preRollSec, environment });
  const { server, source, cameras } = rig;
  const liveMs = await liveAfterPlay(rig);
  await sleep(settleMs);
  const fresh = await usageOver(windowSec, server.pid);
  await sleep(compiledMs.cameras);
  const idle = await usageOver(windowSec, server.pid);
  const ring = (await ringBytes(server)) / mib;
  const recorded = cameras.slice(0, mostRecorded);
  const events = await inTurns(recorded, 8, ({ id }) => createEvent(server.client, { cameraId: id }));
  await sleep(settleMs + preRollSec * 1_000 + compiledMs.events);
  const busy = await usageOver(windowSec, server.pid);
  const lost = await framesLost(rig, events);
  const dropped = (await source.joinedMs()).flat().length - count;
  const backMs = await liveAgain(rig);
  await server.stop();
  const compared = Math.min(count, mostCompared);
  const reference = await referenceUsage({ dir: rig.dir, cameras: cameras.slice(0, compared) });
  await rig.close();

  heading(`${count} always-on cameras with sound, 1080p15 at 4 Mbit/s, over ${windowSec} s, each`);
  const cpu = ({ node, ffmpeg }: Usage) => node + ffmpeg;
  const withEvent = cpu(idle) / count + (cpu(busy) - cpu(idle)) / recorded.length;
  const onWhich =
    recorded.length < count ? `with an event, on ${recorded.length} of them` : 'with an event on each';
  figure('CPU, Node and all it starts, a minute after the start', percent(cpu(idle) / count), '≤ 0.085 %');
  figure(`the same, ${onWhich}`, percent(withEvent), '≤ 0.25 %');
  figure('without events, in the first seconds after the start', percent(cpu(fresh) / count));
  figure('the database’s, all cameras together, without and with', percents(idle.database, busy.database));
  const name = compared < count ? `the reference’s, ${compared} of the cameras` : 'the reference’s';
  figure(`${name}, recording all the time, without Node`, percent(reference.ffmpeg / compared));
  figure('seconds recorded by the reference per second', reference.pace.toFixed(2));
  figure('the reference’s PSS, without a ring', `${(reference.ffmpegMib / compared).toFixed(1)} MiB`);
  const memory = { count, mib: idle.nodeMib + idle.ffmpegMib - ring };
  figure('PSS without rings, all cameras together', `${memory.mib.toFixed(0)} MiB`);
  figure('the ring', `${(ring / count).toFixed(1)} MiB`);
  const [least] = memories;
  if (least) {
    const slope = (memory.mib - least.mib) / (count - least.count);
    figure(`PSS of each camera above ${least.count}`, `${slope.toFixed(2)} MiB`, '≤ 1 MiB');
  }
  memories.push(memory);
  figure(
    `frames lost by ${Math.min(count, mostLooked)} of the recorded ones, connections lost`,
    `${lost}, ${dropped}`,
    '0, 0',
  );
  figure('PLAY → LIVE, p95', ms(percentile(liveMs, 95)), `≤ 300 ms + ${gopSec} s`);
  figure('all back at the same moment → all LIVE', ms(backMs), `≤ ${5 + gopSec} s`);
}

/** How long after PLAY each camera was live, in milliseconds. */
async function liveAfterPlay(rig: Rig): Promise<number[]> {
  const played = await rig.source.joinedMs();
  return (await statesSince(rig)).map((at, i) => at - played[i]!.at(-1)!);
}

/** Cuts all connections. @returns the time until all cameras are live again, in milliseconds */
async function liveAgain({ server, source, cameras }: Rig): Promise<number> {
  const before = (await source.joinedMs()).flat().length;
  const startedAt = performance.now();
  await source.drop();
  while ((await source.joinedMs()).flat().length < before + cameras.length) await sleep(50);
  await untilLive(server, cameras.length);
  return performance.now() - startedAt;
}

interface ReferenceUsage extends Usage {
  /** Seconds recorded per second. Below one, the reference does not keep up, and its cost is too low by that factor. */
  readonly pace: number;
}

async function referenceUsage({ cameras, dir }: Pick<Rig, 'cameras' | 'dir'>): Promise<ReferenceUsage> {
  const urls = cameras.map(({ url }) => url);
  const references = startReferences(urls, dir);
  const recordedSec = () => sum(references.map((reference) => reference.recordedSec()));
  await Promise.all(references.map((reference) => untilRecorded(reference, 1)));
  await sleep(settleMs);
  const [before, startedAt] = [recordedSec(), performance.now()];
  const usage = await usageOver(windowSec, process.pid);
  const pace = (recordedSec() - before) / urls.length / ((performance.now() - startedAt) / 1_000);
  await Promise.all(references.map((reference) => reference.end()));
  return { ...usage, pace };
}

/** Ends the events. @returns how many frames are missing in a sample of their clips */
async function framesLost(
  { server, dir }: Rig,
  events: readonly Awaited<ReturnType<typeof createEvent>>[],
): Promise<number> {
  await inTurns(events, 8, ({ id }) => endEvent(server.client, id));
  await sleep(settleMs);
  const lost = await lookAtEach(events.slice(0, mostLooked), async (event) => {
    return missingFrames(await download(await awaitEnd(server.client, event), dir));
  });
  return sum(lost);
}

export async function benchOverlap(): Promise<void> {
  const rig = await standUp({ capture: fullHd, preRollSec: 5 });
  const { server, cameras, dir } = rig;
  const [camera] = cameras;
  const ours: Usage[] = [];
  const theirs: Usage[] = [];
  for (const count of [0, 1, 10]) {
    const events = [];
    for (let i = 0; i < count; i++) events.push(await createEvent(server.client, { cameraId: camera!.id }));
    await sleep(settleMs);
    ours.push(await usageOver(windowSec, server.pid));
    for (const event of events) await endEvent(server.client, event.id);
    for (const event of events) await awaitEnd(server.client, event);
    theirs.push(await referenceUsage({ cameras: Array(count).fill(camera!), dir }));
  }
  await rig.close();
  const [none, one, ten] = ours.map(({ node, ffmpeg }) => node + ffmpeg);
  const [idle, single, tenfold] = theirs.map(({ ffmpeg }) => ffmpeg);
  heading(`Overlapping events on one camera, CPU of Node and ffmpeg over ${windowSec} s`);
  figure('none, one, ten', [none, one, ten].map((value) => percent(value!)).join(', '));
  figure('ten / one', (ten! / one!).toFixed(2), '≤ 1.2');
  figure('the reference’s one, ten', [single! - idle!, tenfold! - idle!].map(percent).join(', '));
  figure('its ten / one', ((tenfold! - idle!) / (single! - idle!)).toFixed(2));
}
