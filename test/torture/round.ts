// One round: an action is interrupted by a cut, and afterwards everything must be right.
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Server } from '../support/s3/s3-server.ts';
import { type CutKind, strike } from './cuts.ts';
import { awaitPlace } from './lost-nodes.ts';
import type { Node } from './node.ts';
import type { Random } from './random.ts';
import { insist, type TortureCamera, type TortureEvent, type World } from './world.ts';

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
  const beside = await recordBeside(round, camera);
  const { underWay } = await lead(round, camera);
  await strike(world, await struck(round, camera), round.cut, random);
  await Promise.all([underWay, ...beside]);
  await mend(round);
}

/** Begins events at as many other cameras as there are further nodes. @returns the calls, which never reject */
async function recordBeside({ world, random }: Round, camera: TortureCamera): Promise<Promise<unknown>[]> {
  const others = world.cameras.filter((it) => it !== camera && it.preRollSec > 0);
  const calls: Promise<unknown>[] = [];
  for (let left = world.nodes.length - 1; left > 0; left--) {
    const at = others.splice(Math.floor(random.between(0, others.length)), 1)[0]!;
    const event = world.newEvent(at, await world.awaitLive(at));
    calls.push(world.create(event).catch(() => {}));
  }
  return calls;
}

/** Mostly the node that has the camera. */
async function struck({ world, random }: Round, camera: TortureCamera): Promise<Node> {
  if (!world.isTogether || random.chance(0.3)) return random.pick(world.nodes);
  const owned = await Promise.all(world.nodes.map((node) => world.heldBy(node)));
  return world.nodes[owned.findIndex(({ cameras }) => cameras.has(camera.id))] ?? random.pick(world.nodes);
}

/** An action that is cut while it runs. In an object, because `await` would wait for the action itself. */
interface Action {
  /** Resolves when the action is over. Never rejects. */
  readonly underWay: Promise<unknown>;
}

/** Begins the phase, and waits until a random time in it. */
async function lead({ world, random, bucket, phase }: Round, camera: TortureCamera): Promise<Action> {
  if (phase === 'before the first frame') {
    const event = world.newEvent(camera, undefined);
    const creating = world.create(event).catch(() => {});
    await sleep(random.between(0, 1_200));
    return { underWay: creating };
  }
  const liveSince = camera.preRollSec > 0 ? await world.awaitLive(camera) : undefined;
  const event = world.newEvent(camera, liveSince);
  if (phase === 'recording') {
    const creating = world.create(event).catch(() => {});
    await sleep(random.between(0, 3_000));
    return { underWay: creating };
  }
  await insist(() => world.create(event));
  await sleep(random.between(300, phase === 'uploading' ? 5_000 : 2_500));
  const seen = bucket.log.length;
  const isClip = ({ key }: { key: string }) => key.includes(event.playbackIds[0]!) && key.endsWith('.mp4');
  const requested = (ops: readonly string[]) =>
    bucket.log.slice(seen).some((r) => ops.includes(r.op) && isClip(r));
  const ending = world.end(event).catch(() => {});
  if (phase === 'closing') await sleep(random.between(0, 700));
  if (phase === 'finishing') {
    await until(async () => (await statusOf(world, event)) !== 'RECORDING');
    await sleep(random.between(0, 300));
  }
  if (phase === 'uploading') {
    await until(() => requested(['UploadPart', 'PutObject']));
    await sleep(random.between(0, 400));
  }
  if (phase === 'between upload and row') await until(() => requested(['HeadObject']), 1);
  if (phase === 'deleting') {
    await until(async () => (await statusOf(world, event)) === 'COMPLETED');
    const removing = world.remove(event).catch(() => {});
    await sleep(random.between(0, 60));
    return { underWay: removing };
  }
  return { underWay: ending };
}

const statusOf = async (world: World, event: TortureEvent) =>
  (await world.playbacks(event))[0]?.recordingStatus;

async function until(holds: () => Promise<boolean> | boolean, everyMs = 10): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await holds()) && Date.now() < deadline) await sleep(everyMs);
}

/** Starts a server again that was killed or has ended, and repeats unanswered calls, as a client would. */
async function mend({ world, random }: Round): Promise<void> {
  for (const node of world.nodes) {
    await awaitPlace(world, node);
    if (node.server.isAlive) continue;
    // A node that comes back before its lease is over is not lost.
    await sleep(random.between(0, world.isTogether && random.chance(0.7) ? 9_000 : 500));
    await node.start();
    for (const event of world.events) if (event.dueFrom !== undefined) event.dueFrom = node.server.readyAt;
  }
  for (const event of world.events.filter(({ state }) => state === 'going on' || state === 'deleting')) {
    if (event.state === 'going on') await insist(() => world.create(event));
    if (event.endAskedAt) await insist(() => world.end(event));
    if (event.state === 'deleting') await insist(() => world.remove(event));
  }
  await sleep(random.between(300, 1_500));
  world.proxy.mend();
  // A wrong clock is corrected while actions run, or at the end of the round.
  for (const node of world.nodes) if (node.isClockSet && random.chance(0.5)) node.setClock(0);
  for (const event of world.events) {
    const isOpen = event.state === 'going on' && !event.endAskedAt;
    if (isOpen && (random.chance(0.7) || Date.now() - event.askedAt > 25_000)) {
      await insist(() => world.end(event));
    }
  }
}
