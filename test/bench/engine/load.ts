// What always-on cameras cost, and what events cost that overlap.
import { setTimeout as sleep } from 'node:timers/promises';
import { packets } from '../../support/judges.ts';
import { awaitEnd, createEvent, download, endEvent } from '../../support/playbacks.ts';
import { figure, heading } from '../figures.ts';
import { startReferences, untilRecorded } from '../reference.ts';
import { frameMs, fullHd } from './cameras.ts';
import { lookAtEach } from './clips.ts';
import { type Rig, ringBytes, standUp } from './rig.ts';
import { sum, type Usage, usageOver } from './usage.ts';

const windowSec = 20;
const mib = 2 ** 20;
/** The posters and pre-rolls of the beginning are over, and the reference's probing. */
const settleMs = 3_000;
const percent = (value: number) => `${value.toFixed(2)} %`;

/**
 * With a ring as long as the measurement: an event at its end shows whether a frame was lost in it. The reference
 * records all the time, which who wants the beginning of events has to let it do.
 */
export async function benchCameras(count: number): Promise<void> {
  const rig = await standUp({ count, capture: fullHd, preRollSec: windowSec });
  const usage = await usageOver(windowSec, rig.server.pid);
  const ring = (await ringBytes(rig.server)) / mib;
  const lost = await framesLost(rig);
  const dropped = (await rig.source.sessionsEver()) - count;
  await rig.server.stop();
  const reference = await referenceUsage(
    rig.cameras.map(({ url }) => url),
    rig.dir,
  );
  await rig.close();

  heading(`${count} always-on cameras, 1080p15 at 4 Mbit/s, over ${windowSec} s, each`);
  const isHeld = count >= 64;
  const cpu = (usage.node + usage.ffmpeg) / count;
  figure('CPU, Node and ffmpeg', percent(cpu), isHeld ? '≤ 1 %' : undefined);
  figure('of it Node', percent(usage.node / count));
  figure('the database’s, all cameras together', percent(usage.database));
  figure('the reference’s, recording all the time, without Node', percent(reference.ffmpeg / count));
  figure('CPU / the reference’s', ((cpu * count) / reference.ffmpeg).toFixed(2));
  const memory = (usage.nodeMib + usage.ffmpegMib - ring) / count;
  figure('PSS without the ring', `${memory.toFixed(1)} MiB`, isHeld ? '≤ 20 MB (19.1 MiB)' : undefined);
  figure('of it Node', `${((usage.nodeMib - ring) / count).toFixed(1)} MiB`);
  figure('the ring', `${(ring / count).toFixed(1)} MiB`);
  figure('the reference’s, which has no ring', `${(reference.ffmpegMib / count).toFixed(1)} MiB`);
  figure('PSS without the ring / the reference’s', ((memory * count) / reference.ffmpegMib).toFixed(2));
  figure('frames lost, connections lost', `${lost}, ${dropped}`, '0, 0');
  figure('seconds recorded by the reference per second', reference.pace.toFixed(2));
}

interface ReferenceUsage extends Usage {
  /** Seconds recorded per second: below one it does not keep up, and what it costs is cut off by that. */
  readonly pace: number;
}

async function referenceUsage(urls: readonly string[], dir: string): Promise<ReferenceUsage> {
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

/** Frames that are missing in clips of what the rings of all cameras hold now. */
async function framesLost({ server, cameras, dir }: Rig): Promise<number> {
  const lost = await lookAtEach(cameras, async ({ id }) => {
    const event = await createEvent(server.client, { cameraId: id });
    await endEvent(server.client, event.id);
    const file = await download(await awaitEnd(server.client, event), dir);
    const times = (await packets(file))
      .filter(({ stream_index }) => stream_index === 0)
      .map(({ pts }) => pts * 1_000);
    const expected = Math.round((times.at(-1)! - times[0]!) / frameMs) + 1;
    return expected - times.length;
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
    theirs.push(await referenceUsage(Array(count).fill(camera!.url), dir));
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
