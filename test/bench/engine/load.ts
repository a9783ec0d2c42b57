// What always-on cameras cost, and what events cost that overlap.
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packets } from '../../support/judges.ts';
import { awaitEnd, createEvent, download, endEvent } from '../../support/playbacks.ts';
import { figure, heading } from '../figures.ts';
import { startReference } from '../reference.ts';
import { fullHd } from './cameras.ts';
import { type Rig, type RigCamera, ringBytes, standUp } from './rig.ts';
import { type Usage, usageOver } from './usage.ts';

const windowSec = 20;
const frameSec = 1 / 15;
/** Clips that are looked at together. */
const sideBySide = 8;
const mib = 2 ** 20;
const percent = (value: number) => `${value.toFixed(2)} %`;

/** With a ring as long as the measurement: an event at its end shows whether a frame was lost in it. */
export async function benchCameras(count: number): Promise<void> {
  const rig = await standUp({ count, capture: fullHd, preRollSec: windowSec });
  const usage = await usageOver(windowSec, rig.server.pid);
  const ring = (await ringBytes(rig.server)) / mib;
  heading(`${count} always-on cameras, 1080p15 at 4 Mbit/s, over ${windowSec} s, each`);
  const isHeld = count >= 64;
  const cpu = (usage.node + usage.ffmpeg) / count;
  figure('CPU, Node and ffmpeg', percent(cpu), isHeld ? '≤ 1 %' : undefined);
  figure('of it Node', percent(usage.node / count));
  figure('the database’s, all cameras together', percent(usage.database));
  const memory = (usage.nodeMib + usage.ffmpegMib - ring) / count;
  figure('PSS without the ring', `${memory.toFixed(1)} MiB`, isHeld ? '≤ 20 MB (19.1 MiB)' : undefined);
  figure('of it Node', `${((usage.nodeMib - ring) / count).toFixed(1)} MiB`);
  figure('the ring', `${(ring / count).toFixed(1)} MiB`);
  const lost = await framesLost(rig);
  figure('frames lost, connections lost', `${lost}, ${(await rig.source.sessionsEver()) - count}`, '0, 0');
  await rig.close();
}

/** Frames that are missing in clips of what the rings of all cameras hold now. */
async function framesLost({ server, cameras, dir }: Rig): Promise<number> {
  let lost = 0;
  const look = async ({ id }: RigCamera) => {
    const event = await createEvent(server.client, { cameraId: id });
    await endEvent(server.client, event.id);
    const file = await download(await awaitEnd(server.client, event), dir);
    const times = (await packets(file))
      .filter(({ stream_index }) => stream_index === 0)
      .map(({ pts }) => pts);
    const expected = Math.round((times.at(-1)! - times[0]!) / frameSec) + 1;
    lost += expected - times.length;
  };
  for (let i = 0; i < cameras.length; i += sideBySide) {
    await Promise.all(cameras.slice(i, i + sideBySide).map(look));
  }
  return lost;
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
    // The posters and pre-rolls of the beginning are over.
    await sleep(3_000);
    ours.push(await usageOver(windowSec, server.pid));
    for (const event of events) await endEvent(server.client, event.id);
    for (const event of events) await awaitEnd(server.client, event);
    const references = Array.from({ length: count }, (_, i) =>
      startReference(camera!.url, path.join(dir, `reference-${i}.mp4`)),
    );
    await sleep(3_000);
    theirs.push(await usageOver(windowSec, process.pid));
    for (const reference of references) await reference.end();
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
