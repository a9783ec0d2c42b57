// An event at each of many cameras at the same moment.
import { setTimeout as sleep } from 'node:timers/promises';
import { readFrames } from '../../support/frames.ts';
import { awaitEnd, download, endEvent } from '../../support/playbacks.ts';
import { beginEvent } from '../begin.ts';
import { figure, heading, ms, percentile } from '../figures.ts';
import { fullHd } from './cameras.ts';
import { type Rig, standUp } from './rig.ts';

const count = 128;
const preRollSec = 5;
const eventMs = 3_000;
const frameMs = 1_000 / 15;
const loopFrames = 64 * 15;

export async function benchBurst(): Promise<void> {
  const rig = await standUp({ count, capture: fullHd, preRollSec });
  const { server, cameras } = rig;
  const startedAt = Date.now();
  const events = await Promise.all(cameras.map(({ id }) => beginEvent(server.client, id)));
  const took = events.map(({ tookMs }) => tookMs);
  await sleep(Math.max(0, startedAt + eventMs - Date.now()));
  const endedAt = Date.now();
  await Promise.all(events.map(({ id }) => endEvent(server.client, id)));
  const playbacks: Ended[] = [];
  for (const event of events) playbacks.push(await awaitEnd(server.client, event));
  const completedMs = Date.now() - endedAt;

  const faults: string[] = [];
  for (const [i, playback] of playbacks.entries()) {
    const fault = await faultOf(rig, i, playback, endedAt);
    if (fault) faults.push(`camera ${i}: ${fault}`);
  }
  heading(`${count} cameras, an event each at the same moment, createEvent p50 / p99`);
  figure('', [50, 99].map((p) => ms(percentile(took, p))).join(' / '), 'p99 100 ms');
  figure('right clips', `${count - faults.length}`, `${count}`);
  for (const fault of faults.slice(0, 5)) figure(fault, '');
  figure('all ended → all COMPLETED', ms(completedMs));
  await rig.close();
}

type Ended = Awaited<ReturnType<typeof awaitEnd>>;

/** What is wrong with a clip: not a picture too few, from the pre-roll to the end. */
async function faultOf({ cameras, dir }: Rig, i: number, playback: Ended, endedAt: number) {
  if (playback.recordingStatus !== 'COMPLETED') return playback.errorMessage ?? playback.recordingStatus;
  const frames = await readFrames(await download(playback, dir));
  const startedAt = Date.parse(playback.startedAt);
  const sent = ({ counter }: { counter: number }) => cameras[i]!.sentAt(counter, startedAt);
  if (frames.some(({ counter }, k) => counter !== (frames[0]!.counter + k) % loopFrames))
    return 'pictures are missing';
  const early = startedAt - sent(frames[0]!);
  if (early < preRollSec * 1_000 - frameMs) return `the pre-roll is ${early.toFixed(0)} ms`;
  if (early > (preRollSec + 2) * 1_000 + 3 * frameMs) return `it begins ${early.toFixed(0)} ms early`;
  const late = endedAt - sent(frames.at(-1)!);
  return late > 2 * frameMs ? `it ends ${late.toFixed(0)} ms too soon` : undefined;
}
