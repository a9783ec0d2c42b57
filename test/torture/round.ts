// One round: an action is interrupted by a cut, and afterwards everything must be right.
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Server } from '../support/s3/s3-server.ts';
import { type CutKind, strike } from './cuts.ts';
import type { Random } from './random.ts';
import { insist, type TortureCamera, type World } from './world.ts';

export const phases = [
  'before the first frame',
  'recording',
  'closing',
  'finishing',
  'uploading',
  'between upload and row',
  'deleting',
] as const;
export type Phase = (typeof phases)[number];

interface Round {
  readonly world: World;
  readonly random: Random;
  readonly bucket: S3Server;
  readonly phase: Phase;
  readonly cut: CutKind;
}

export async function playRound(round: Round): Promise<void> {
  const { world, random, phase } = round;
  const camera =
    phase === 'before the first frame' || phase === 'uploading'
      ? world.cameras.find(({ preRollSec }) => (phase === 'uploading' ? preRollSec > 0 : preRollSec === 0))!
      : random.pick(world.cameras);
  const underWay = await lead(round, camera);
  await strike(world, round.cut, random);
  await underWay;
  await mend(round);
}

/** Begins the phase, and waits until a random time in it. @returns resolves when the requested action is complete */
async function lead(
  { world, random, bucket, phase }: Round,
  camera: TortureCamera,
): Promise<Promise<unknown>> {
  if (phase === 'before the first frame') {
    const event = world.newEvent(camera, undefined);
    const creating = world.create(event).catch(() => {});
    await sleep(random.between(0, 1_200));
    return creating;
  }
  const liveSince = camera.preRollSec > 0 ? await world.awaitLive(camera) : undefined;
  const event = world.newEvent(camera, liveSince);
  if (phase === 'recording') {
    const creating = world.create(event).catch(() => {});
    await sleep(random.between(0, 3_000));
    return creating;
  }
  await insist(() => world.create(event));
  await sleep(random.between(300, phase === 'uploading' ? 5_000 : 2_500));
  const seen = bucket.log.length;
  const isClip = ({ key }: { key: string }) => key.includes(event.playbackId!) && key.endsWith('.mp4');
  const requested = (ops: readonly string[]) =>
    bucket.log.slice(seen).some((r) => ops.includes(r.op) && isClip(r));
  const ending = world.end(event).catch(() => {});
  if (phase === 'closing') await sleep(random.between(0, 700));
  if (phase === 'finishing') {
    await until(async () => (await world.playback(event))?.recordingStatus !== 'RECORDING');
    await sleep(random.between(0, 300));
  }
  if (phase === 'uploading') {
    await until(() => requested(['UploadPart', 'PutObject']));
    await sleep(random.between(0, 400));
  }
  if (phase === 'between upload and row') await until(() => requested(['HeadObject']), 1);
  if (phase === 'deleting') {
    await until(async () => (await world.playback(event))?.recordingStatus === 'COMPLETED');
    const removing = world.remove(event).catch(() => {});
    await sleep(random.between(0, 60));
    return removing;
  }
  return ending;
}

async function until(holds: () => Promise<boolean> | boolean, everyMs = 10): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await holds()) && Date.now() < deadline) await sleep(everyMs);
}

/** Starts a killed server again, and repeats unanswered calls, as a client would. */
async function mend({ world, random }: Round): Promise<void> {
  if (!world.server.isAlive) {
    await sleep(random.between(0, 500));
    await world.start();
    for (const event of world.events) if (event.dueFrom !== undefined) event.dueFrom = world.server.readyAt;
  }
  for (const event of world.events.filter(({ state }) => state === 'going on' || state === 'deleting')) {
    if (event.state === 'going on') await insist(() => world.create(event));
    if (event.endAskedAt) await insist(() => world.end(event));
    if (event.state === 'deleting') await insist(() => world.remove(event));
  }
  await sleep(random.between(300, 1_500));
  world.proxy.mend();
  // A wrong clock is corrected while actions run, or at the end of the round.
  if (world.isClockSet && random.chance(0.5)) world.setClock(0);
  for (const event of world.events) {
    const isOpen = event.state === 'going on' && !event.endAskedAt;
    if (isOpen && (random.chance(0.7) || Date.now() - event.askedAt > 25_000)) {
      await insist(() => world.end(event));
    }
  }
}
