// How much of the beginning is lost, and short events: the same events recorded by Flashback and by the reference
// pipeline.
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { awaitEnd, createEvent, download, endEvent } from '../../support/app/playbacks.ts';
import { figure, heading } from '../figures.ts';
import { startReference } from '../reference.ts';
import { fullHd } from './cameras.ts';
import { type EventTimes, faultOf, firstMs, type Seen, see, tellBeginnings } from './clips.ts';
import { type Rig, standUp } from './rig.ts';

interface Both extends EventTimes {
  readonly ours: Seen | undefined;
  readonly reference: Seen | undefined;
}

const preRollSec = 5;
/** So that events begin at every position within a keyframe interval. */
const apartMs = 1_370;

export async function benchBeginning(): Promise<void> {
  const events = 6;
  const lengthMs = 6_000;
  for (const gopSec of [2, 4]) {
    const rig = await standUp({ capture: { ...fullHd, gopSec }, preRollSec });
    const pairs: Both[] = [];
    for (let i = 0; i < events; i++) {
      pairs.push(await recordBoth(rig, lengthMs));
      await sleep(apartMs);
    }
    await rig.close();
    heading(`Beginning lost, ${events} events of ${lengthMs / 1_000} s, a keyframe every ${gopSec} s`);
    const first = (side: 'ours' | 'reference') => pairs.map((pair) => firstMs(pair[side], pair));
    tellBeginnings(first('ours'), first('reference'), `≤ −${preRollSec * 1_000}`);
  }
}

export async function benchShort(): Promise<void> {
  const rig = await standUp({ capture: fullHd, preRollSec });
  const events = 4;
  heading(
    `Short events, ${events} of each length: clips that hold the whole event, and what the reference makes`,
  );
  for (const lengthMs of [500, 1_000, 2_000, 3_000]) {
    const pairs: Both[] = [];
    for (let i = 0; i < events; i++) {
      pairs.push(await recordBoth(rig, lengthMs));
      await sleep(apartMs);
    }
    const right = (side: 'ours' | 'reference', ofPreRollSec: number) =>
      pairs.filter((pair) => !faultOf(pair[side], pair, ofPreRollSec)).length;
    const plays = pairs.filter(({ reference }) => reference).length;
    figure(`${lengthMs / 1_000} s`, `${right('ours', preRollSec)} of ${events}`, `${events}`);
    figure('the reference’s; files of it that play', `${right('reference', 0)}; ${plays} of ${events}`);
  }
  await rig.close();
}

async function recordBoth(rig: Rig, lengthMs: number): Promise<Both> {
  const { server, dir, cameras } = rig;
  const [camera] = cameras;
  const file = path.join(dir, 'reference.mp4');
  const startedAt = Date.now();
  const reference = startReference(camera!.url, file);
  const event = await createEvent(server.client, { cameraId: camera!.id });
  await sleep(startedAt + lengthMs - Date.now());
  const endedAt = Date.now();
  await Promise.all([endEvent(server.client, event.id), reference.end()]);
  const clip = await download(await awaitEnd(server.client, event), dir);
  const ours = await see(clip, camera!, startedAt);
  return { startedAt, endedAt, ours, reference: await see(file, camera!, startedAt) };
}
