// The faults that are caused on a server. Each cut begins at some time and ends some time later.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { childPids, type Kind, signalAll, withDescendants } from './processes.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

export const cutKinds = [
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
export type CutKind = (typeof cutKinds)[number];

export interface Cut {
  readonly kind: CutKind;
  readonly atMs: number;
  /** For a pause, when it ended; otherwise `atMs`. */
  readonly untilMs: number;
}

/** Whether footage may be missing after the cut. Nothing else excuses a gap. */
export const interruptsFootage = ({ kind }: Cut): boolean =>
  kind === 'server killed' || kind === 'all killed' || kind === 'server paused' || kind === 'camera cut off';

/** Makes the cut, and resolves when it is over. Lost answers continue until the proxy is mended. */
export async function strike(world: World, kind: CutKind, random: Random): Promise<void> {
  const { server, dataDir } = world;
  if (kind === 'ffmpeg killed') await pictureUnderWay(dataDir);
  const atMs = Date.now();
  const kill = (victim: Kind) => signalAll(childPids(dataDir, victim), 'SIGKILL');
  const pause = async (pids: readonly number[]) => {
    signalAll(pids, 'SIGSTOP');
    await sleep(random.chance(0.2) ? random.between(5_000, 20_000) : random.between(1_000, 5_000));
    signalAll(pids, 'SIGCONT');
  };
  if (kind === 'server killed') server.kill();
  if (kind === 'all killed') {
    const others = (['launcher', 'ffmpeg', 'postgres'] as const).flatMap((it) => childPids(dataDir, it));
    // The server first, so that it does not see the others end.
    signalAll([server.pid, ...others], 'SIGKILL');
  }
  if (kind === 'postgres killed') kill('postgres');
  if (kind === 'launcher killed') world.count('launchers that ran when they were killed', kill('launcher'));
  if (kind === 'ffmpeg killed') world.count('ffmpegs that ran when they were killed', kill('ffmpeg'));
  if (kind === 'server paused') await pause([server.pid]);
  if (kind === 'postgres paused') await pause(childPids(dataDir, 'postgres').flatMap(withDescendants));
  if (kind === 'camera cut off') for (const { source } of world.cameras) source.drop();
  if (kind === 'sessions ended') world.count('sessions ended', await endSessions(world.databaseUrl));
  if (kind === 'clock set') world.setClock(stepMs(random));
  if (kind === 'answers of the database lost') {
    const text = random.pick(['INSERT', 'UPDATE', 'COMMIT', 'SELECT', 'graphile_worker', 'playback']);
    const times = Math.floor(random.between(1, 5));
    if (random.chance(0.7)) world.proxy.loseAnswer(text, times);
    else world.proxy.loseStatement(text, times);
  }
  world.cut({ kind, atMs, untilMs: kind.endsWith('paused') ? Date.now() : atMs });
  if (kind === 'server killed' || kind === 'all killed') await server.over();
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
