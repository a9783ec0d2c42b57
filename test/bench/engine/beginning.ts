// Beginning lost, and short events: the same events recorded by Flashback and by the reference pipeline.
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readFrames } from '../../support/frames.ts';
import { awaitEnd, createEvent, download, endEvent } from '../../support/playbacks.ts';
import { figure, heading, percentile } from '../figures.ts';
import { startReference } from '../reference.ts';
import { fullHd } from './cameras.ts';
import { type Rig, standUp } from './rig.ts';

/** When the first and the last picture of a clip were sent, in milliseconds after the event's start. */
interface Seen {
  readonly firstMs: number;
  readonly lastMs: number;
  /** Every picture between them is there, once. */
  readonly isWhole: boolean;
}

interface Both {
  readonly ours?: Seen;
  readonly reference?: Seen;
}

const preRollSec = 5;
/** So that events begin everywhere in a keyframe interval. */
const apartMs = 1_370;
const frameMs = 1_000 / 15;
const loopFrames = 64 * 15;

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
    heading(
      `Beginning lost, ${events} events of ${lengthMs / 1_000} s, a keyframe every ${gopSec} s, ms after the event`,
    );
    const first = (side: 'ours' | 'reference') => pairs.map((pair) => pair[side]?.firstMs ?? lengthMs);
    const range = (values: number[]) =>
      [Math.min(...values), percentile(values, 50), Math.max(...values)].map((v) => v.toFixed(0)).join(' / ');
    figure('first picture, least / median / most', range(first('ours')), `≤ −${preRollSec * 1_000}`);
    figure('the reference’s', range(first('reference')));
    figure(
      'events with a lost beginning',
      `${first('ours').filter((ms) => ms > 0).length} of ${events}`,
      '0',
    );
    figure('the reference’s', `${first('reference').filter((ms) => ms > 0).length} of ${events}`);
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
    const isRight = (seen: Seen | undefined) =>
      seen?.isWhole && seen.firstMs <= 0 && seen.lastMs >= lengthMs - 2 * frameMs;
    const right = (side: 'ours' | 'reference') => pairs.filter((pair) => isRight(pair[side])).length;
    const plays = pairs.filter(({ reference }) => reference).length;
    figure(`${lengthMs / 1_000} s`, `${right('ours')} of ${events}`, `${events}`);
    figure('the reference’s; files of it that play', `${right('reference')}; ${plays} of ${events}`);
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
  await Promise.all([endEvent(server.client, event.id), reference.end()]);
  const playback = await awaitEnd(server.client, event);

  const see = async (clip: string): Promise<Seen | undefined> => {
    const frames = await readFrames(clip).catch(() => []);
    if (frames.length === 0) return undefined;
    const sent = ({ counter }: { counter: number }) => camera!.sentAt(counter, startedAt) - startedAt;
    const isWhole = frames.every(({ counter }, i) => counter === (frames[0]!.counter + i) % loopFrames);
    return { firstMs: sent(frames[0]!), lastMs: sent(frames.at(-1)!), isWhole };
  };
  const [ours, others] = [await see(await download(playback, dir)), await see(file)];
  return { ...(ours && { ours }), ...(others && { reference: others }) };
}
