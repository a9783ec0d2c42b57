// One round: something is under way, something is killed in the middle of it, everything must come right.
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Server } from '../support/s3-server.ts';
import type { Random } from './random.ts';
import { type Server, startServer } from './server.ts';
import { insist, type TortureCamera, type TortureEvent, type Victim, type World } from './world.ts';

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

export const victims: readonly Victim[] = ['server', 'ffmpeg', 'postgres', 'all'];

interface Round {
  readonly world: World;
  readonly random: Random;
  readonly bucket: S3Server;
  readonly env: Record<string, string>;
  readonly phase: Phase;
  readonly victim: Victim;
}

export async function playRound(round: Round): Promise<void> {
  const { world, random, phase } = round;
  const camera =
    phase === 'before the first frame' || phase === 'uploading'
      ? world.cameras.find(({ preRollSec }) => (phase === 'uploading' ? preRollSec > 0 : preRollSec === 0))!
      : random.pick(world.cameras);
  const underWay = await lead(round, camera);
  await strike(round);
  await underWay;
  await mend(round);
}

/** Brings things to the phase, and to a random instant in it. @returns resolves when what was asked is over */
async function lead(
  { world, random, bucket, phase }: Round,
  camera: TortureCamera,
): Promise<Promise<unknown>> {
  if (phase === 'before the first frame') {
    const event = world.newEvent(camera, undefined);
    const creating = acknowledged(world, event).catch(() => {});
    await sleep(random.between(0, 1_200));
    return creating;
  }
  const liveSince = camera.preRollSec > 0 ? await world.awaitLive(camera) : undefined;
  const event = world.newEvent(camera, liveSince);
  const creating = acknowledged(world, event);
  if (phase === 'recording') {
    await sleep(random.between(0, 3_000));
    return creating.catch(() => {});
  }
  await creating;
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

async function acknowledged(world: World, event: TortureEvent): Promise<void> {
  await world.create(event);
  event.acknowledgedAt = Date.now();
}

async function until(holds: () => Promise<boolean> | boolean, everyMs = 10): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await holds()) && Date.now() < deadline) await sleep(everyMs);
}

async function strike({ world, victim }: Round): Promise<void> {
  const { server } = world;
  const at = Date.now();
  // The server first: nothing of it may see the others go.
  if (victim === 'server' || victim === 'all') server.kill('server');
  if (victim === 'ffmpeg' || victim === 'all') server.kill('ffmpeg');
  if (victim === 'postgres' || victim === 'all') server.kill('postgres');
  world.cut(victim, at);
  if (victim === 'server' || victim === 'all') await server.over();
}

/** Starts the server again where it was killed, and repeats what was not answered, as a client would. */
async function mend({ world, random, env }: Round): Promise<void> {
  if (!world.server.isAlive) {
    await sleep(random.between(0, 500));
    world.server = await startServer(env);
    for (const event of world.events) if (event.dueFrom !== undefined) event.dueFrom = world.server.readyAt;
  }
  for (const event of world.events.filter(({ state }) => state === 'going on' || state === 'deleting')) {
    await insist(() => world.create(event));
    if (event.endAsked) await insist(() => world.end(event));
    if (event.state === 'deleting') await insist(() => world.remove(event));
  }
  await sleep(random.between(300, 1_500));
  for (const event of world.events) {
    const isOpen = event.state === 'going on' && !event.endAsked;
    if (isOpen && (random.chance(0.7) || Date.now() - (event.acknowledgedAt ?? 0) > 25_000)) {
      await insist(() => world.end(event));
    }
  }
}

export type { Server };
