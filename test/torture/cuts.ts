// The faults that are caused on a server. Each cut begins at some time and ends some time later.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { awaitCopies, loseDisk } from './lost-nodes.ts';
import { lineNames, type Node } from './node.ts';
import { childPids, type Kind, signalAll, withDescendants } from './processes.ts';
import type { Random } from './random.ts';
import type { Held } from './rows.ts';
import type { TortureCamera, World } from './world.ts';

/** The cuts of a server that has its database for itself. */
export const cutsAlone = [
  'answers of the database lost',
  'server killed',
  'clock set',
  'server paused',
  'postgres killed',
  'launcher killed',
  'sessions ended',
  'all killed',
  'postgres paused',
  'camera cut off',
  'ffmpeg killed',
] as const;

/** The cuts of one of several servers. The clock that is set is this server's alone: the database keeps its time. */
export const cutsTogether = [
  'server killed',
  'server drained',
  'server paused',
  'database cut off',
  'disk lost',
  'bucket cut off',
  'answers of the database lost',
  'other nodes cut off',
  'camera cut off',
  'sessions ended',
  'clock set',
  'paused in a statement',
] as const;
export type CutKind = (typeof cutsAlone)[number] | (typeof cutsTogether)[number];

export interface Cut {
  readonly kind: CutKind;
  readonly atMs: number;
  /** For what lasts a while, when it ended; otherwise `atMs`. */
  readonly untilMs: number;
  /** What the node had that was struck. */
  readonly held: Held;
  /** What was lost with its disk. */
  readonly lost: Held['unfinished'];
}

/** Most statements come within this time. */
const statementMs = 3_000;
/** A node that is away for less than this is not lost: its lease lasts five seconds, and each second renews it. */
const shortMs = 4_000;

const kills = (kind: CutKind) => kind === 'server killed' || kind === 'all killed' || kind === 'disk lost';

/** Whether footage of this camera may be missing after the cut. Nothing else excuses a gap. */
export function interruptsFootage({ kind, atMs, untilMs, held }: Cut, camera: TortureCamera): boolean {
  if (kind === 'camera cut off') return true;
  if (!held.cameras.has(camera.id)) return false;
  if (kind === 'database cut off') return untilMs - atMs > shortMs;
  // Another node reads a camera with pre-roll before this one ends.
  if (kind === 'server drained') return camera.preRollSec === 0;
  return kills(kind) || kind === 'server paused' || kind === 'paused in a statement';
}

/** Makes the cut at this node, and resolves when it is over. Lost answers continue until the proxy is mended. */
export async function strike(world: World, node: Node, kind: CutKind, random: Random): Promise<void> {
  const { server, dataDir } = node;
  if (kind === 'ffmpeg killed') await pictureUnderWay(dataDir);
  if (kind === 'disk lost') await awaitCopies(world, node);
  const atMs = Date.now();
  let untilMs = atMs;
  let held: Held | undefined;
  const kill = (victim: Kind) => signalAll(childPids(dataDir, victim), 'SIGKILL');
  const forAWhile = async (begin: () => unknown, end: () => unknown) => {
    begin();
    held = await world.heldBy(node);
    const isLong = random.chance(world.isTogether ? 0.5 : 0.2);
    await sleep(isLong ? random.between(5_000, 15_000) : random.between(1_000, 5_000));
    end();
    untilMs = Date.now();
  };
  const pause = (pids: readonly number[]) =>
    forAWhile(
      () => signalAll(pids, 'SIGSTOP'),
      () => signalAll(pids, 'SIGCONT'),
    );
  if (kind === 'server killed' || kind === 'disk lost') server.kill();
  if (kind === 'all killed') {
    const others = (['launcher', 'ffmpeg', 'postgres'] as const).flatMap((it) => childPids(dataDir, it));
    // The server first, so that it does not see the others end.
    signalAll([server.pid, ...others], 'SIGKILL');
  }
  if (kind === 'server drained') {
    held = await world.heldBy(node);
    world.drainedMs.push(await server.stop());
    untilMs = Date.now();
  }
  if (kind === 'postgres killed') kill('postgres');
  if (kind === 'launcher killed') world.count('launchers that ran when they were killed', kill('launcher'));
  if (kind === 'ffmpeg killed') world.count('ffmpegs that ran when they were killed', kill('ffmpeg'));
  if (kind === 'server paused') await pause([server.pid]);
  if (kind === 'paused in a statement') {
    const text = random.pick(['BEGIN', 'UPDATE', 'INSERT', 'FOR UPDATE', 'graphile_worker']);
    await Promise.race([node.lines.database!.sent(text), sleep(statementMs)]);
    await pause([server.pid]);
  }
  if (kind === 'postgres paused') await pause(childPids(dataDir, 'postgres').flatMap(withDescendants));
  for (const line of lineNames) {
    if (kind !== `${line} cut off`) continue;
    const { cut, mend } = node.lines[line]!;
    await forAWhile(cut, mend);
  }
  if (kind === 'camera cut off') for (const { source } of world.cameras) source.drop();
  if (kind === 'sessions ended') world.count('sessions ended', await endSessions(world.databaseUrl));
  if (kind === 'clock set') node.setClock(stepMs(random));
  if (kind === 'answers of the database lost') {
    const text = random.pick(['INSERT', 'UPDATE', 'COMMIT', 'SELECT', 'graphile_worker', 'playback']);
    const times = Math.floor(random.between(1, 5));
    if (random.chance(0.7)) world.proxy.loseAnswer(text, times);
    else world.proxy.loseStatement(text, times);
  }
  if (kills(kind)) await server.over();
  held ??= await world.heldBy(node);
  const lost = kind === 'disk lost' ? await loseDisk(world, node) : [];
  world.cut({ kind, atMs, untilMs, held, lost });
}

/** Pictures are made in a fraction of a second, about two seconds after the beginning of a recording. */
async function pictureUnderWay(dataDir: string): Promise<void> {
  const deadline = Date.now() + 3_000;
  while (childPids(dataDir, 'ffmpeg').length === 0 && Date.now() < deadline) await sleep(5);
}

/** From 15 s to a day, forward or back. */
function stepMs(random: Random): number {
  const far = random.pick([15_000, 60_000, 3_600_000, 86_400_000]) * random.between(1, 1.3);
  return random.chance(0.5) ? far : -far;
}

/** @returns how many sessions the server had */
async function endSessions(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`);
    return rowCount ?? 0;
  } finally {
    await client.end();
  }
}
