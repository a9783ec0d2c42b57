// Makes cuts (cuts.ts) at random times of every phase, then reads the frames of all clips, and compares what clients
// and a subscriber received with the rows.

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DatabaseServer, startDatabaseServer } from '../../src/db/embedded/server.ts';
import { playbackOfKey } from '../../src/domain/store-keys.ts';
import { createLog } from '../../src/log.ts';
import { openChildren } from '../../src/processes/children.ts';
import { isSpoolName } from '../../src/spool/names.ts';
import type { PlaybackFacts } from '../support/app/playbacks.ts';
import { startTestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { compilePrograms, runProgram } from '../support/processes/program.ts';
import { startS3Server } from '../support/s3/s3-server.ts';
import { cutsAlone, cutsTogether } from './cuts.ts';
import { judgeReceived, judgeRows, transitionRows } from './ledger.ts';
import { processesAbout } from './processes.ts';
import { seededRandom } from './random.ts';
import { phases, playRound } from './round.ts';
import { oldWrites } from './rows.ts';
import { Subscriber } from './subscriber.ts';
import { asOurs, judgeClips, judgeFailure, type Verdict } from './verify.ts';
import { insist, type TortureEvent, World } from './world.ts';

export interface TortureOptions {
  /** How many servers share the cameras; one has its database for itself. */
  readonly nodes: number;
  readonly rounds: number;
  readonly seed: number;
  /** The checkout of an earlier release, built, which each server runs until it is started again. */
  readonly from?: string | undefined;
  readonly say: (line: string) => void;
}

export interface TortureResult extends Verdict {
  readonly counts: Record<string, number>;
  /** From SIGTERM to the end of a server that hands its work over, in milliseconds. */
  readonly drainedMs: readonly number[];
  /** From the server's readiness (or the event's end, if later) to COMPLETED or FAILED, in milliseconds. */
  readonly settledMs: readonly number[];
}

/** docs/design.md 1, G3: every playback is COMPLETED or FAILED within this time after a start. */
const settleMs = 10_000;
const stopMs = 10_000;
/** Objects of deleted playbacks are gone from the bucket within this time after the last crash. */
const sweepMs = 15_000;
/** The subscriber has received everything within this time after the last round. */
const deliveryMs = 10_000;

export async function torture({ nodes, rounds, seed, from, say }: TortureOptions): Promise<TortureResult> {
  await compilePrograms();
  if (from) await compilePrograms(from);
  const random = seededRandom(seed);
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-torture-'));
  const bucket = await startS3Server({ bytesPerSecond: 12 * 1024 * 1024 });
  const small = await startTestCamera({ capture: await capture({ audio: 'aac', gopSec: 1 }) });
  const large = await startTestCamera({ capture: await capture({ gopSec: 1, kbps: 16_000, seconds: 32 }) });
  const database = nodes > 1 ? await startDatabase(path.join(dir, 'database')) : undefined;
  const nodeIds = Array.from({ length: nodes }, (_, i) => `node-${i + 1}`);
  const world = new World({ nodeIds, dir, bucket, databaseUrl: database?.url, from });
  await world.start();
  const subscriber = new Subscriber(() => world.url);
  const tally = {
    lostMs: [] as number[],
    holesMs: [] as number[],
    wentOnMs: [] as number[],
    overlapsMs: [] as number[],
  };
  const settledMs: number[] = [];

  /** Waits for every playback whose event has ended, and checks each once. */
  async function verify(): Promise<void> {
    for (const event of world.events.filter((e) => e.state === 'going on' && e.dueFrom !== undefined)) {
      const playbacks = await settled(event);
      event.state = 'verified';
      for (const playback of playbacks) {
        world.count(playback.recordingStatus);
        if (playback.recordingStatus !== 'FAILED') continue;
        world.count(`FAILED ${playback.failure!.code}`);
        for (const breach of judgeFailure(event, playback, world.cuts)) world.breach(breach);
      }
      const clips = playbacks.filter(({ recordingStatus }) => recordingStatus === 'COMPLETED');
      if (clips.length > 0) {
        const verdict = await judgeClips(event, clips, world.cuts, world.aheadSince(event.askedAt), dir);
        for (const breach of verdict.breaches) world.breach(breach);
        for (const name of Object.keys(tally) as (keyof typeof tally)[]) tally[name].push(...verdict[name]);
      }
      if (random.chance(0.3)) await insist(() => world.remove(event));
    }
  }

  /** @returns the event's playbacks, all COMPLETED or FAILED; none if there is a breach */
  async function settled(event: TortureEvent): Promise<PlaybackFacts[]> {
    for (;;) {
      const playbacks = await insist(() => world.playbacks(event));
      if (playbacks.length < event.playbackIds.length) {
        world.breach(`playbacks of the event ${event.id} are gone, though nobody deleted them`);
        return [];
      }
      const waiting = playbacks.filter(({ recordingStatus: it }) => it !== 'COMPLETED' && it !== 'FAILED');
      if (waiting.length === 0) {
        for (const playback of playbacks) {
          // By the server's own time, because checking earlier clips took a while, too.
          const saidAt = Date.parse(playback.transitions.at(-1)!.at);
          const at = asOurs(saidAt, Date.now(), world.aheadSince(event.askedAt));
          const tookMs = Math.max(0, at - event.dueFrom!);
          settledMs.push(tookMs);
          if (tookMs > settleMs)
            world.breach(`${playback.id} took ${tookMs} ms to settle, with ${playback.fileSizeBytes} bytes`);
        }
        return playbacks;
      }
      if (Date.now() - event.dueFrom! > 6 * settleMs) {
        for (const { id, recordingStatus } of waiting)
          world.breach(`${id} hangs in ${recordingStatus}\n${lastWords(id)}`);
        return [];
      }
      await sleep(50);
    }
  }

  /** What the servers have logged lately. @param about only the lines that contain this */
  const lastWords = (about = '') =>
    world.nodes
      .map(
        ({ id, server }) =>
          `${id}:\n${server
            .lastWords()
            .split('\n')
            .filter((line) => line.includes(about))
            .join('\n')}`,
      )
      .join('\n');

  try {
    await world.addCamera('small', small, 2);
    await world.addCamera('cold', small, 0);
    await world.addCamera('large', large, 1);
    // Each further node brings a camera.
    for (let i = 1; i < nodes; i++) await world.addCamera(`small ${i + 1}`, small, i);
    const cutKinds = nodes > 1 ? cutsTogether : cutsAlone;
    for (let i = 0; i < rounds; i++) {
      // The numbers of phases and cuts have no common divisor, so every phase meets every cut before one repeats.
      // Runs of several nodes take long: there the seed also says where to begin, so that short runs meet all cuts.
      const turn = nodes > 1 ? i + seed : i;
      const phase = phases[turn % phases.length]!;
      const cut = cutKinds[turn % cutKinds.length]!;
      const before = world.breaches.length;
      try {
        if (random.chance(nodes > 1 ? 0.8 : 0.3)) subscriber.interrupt();
        await playRound({ world, random, bucket, phase, cut });
        world.count(cut);
        await verify();
        for (const node of world.nodes) node.setClock(0);
      } catch (error) {
        world.breach(`round ${i + 1} broke off: ${(error as Error).stack}\n${lastWords()}`);
        break;
      }
      say(`${i + 1}/${rounds} ${cut}, ${phase}: ${world.breaches.slice(before).join('; ') || 'good'}`);
    }
    for (const event of world.events.filter((e) => e.state === 'going on'))
      await insist(() => world.end(event));
    await verify();
    const deadline = Date.now() + sweepMs;
    while (strayObjects().length > 0 && Date.now() < deadline) await sleep(100);

    for (const breach of await judgeRows(world)) world.breach(breach);
    for (const breach of await oldWrites(world.databaseUrl)) world.breach(breach);
    for (const breach of await deliveryBreaches()) world.breach(breach);
    await subscriber.close();

    for (const { server } of world.nodes.slice(1)) world.drainedMs.push(await server.stop());
    const stoppedMs = await world.nodes[0]!.server.stop();
    world.count('ms to stop', stoppedMs);
    if (stoppedMs > stopMs) world.breach(`stopping took ${stoppedMs} ms`);
    for (const breach of await leftovers()) world.breach(breach);
  } finally {
    for (const node of world.nodes) await node.close();
    await subscriber.close();
    await Promise.all([world.proxy.close(), small.close(), large.close(), bucket.close()]);
    await database?.close();
    await rm(dir, { recursive: true, force: true, maxRetries: 10 });
  }
  world.count('transitions received', subscriber.received.length);
  world.count('connections by which the subscriber resumed', subscriber.resumed);
  world.count('answers and statements of the database lost', world.proxy.lost);
  const { breaches, counts, drainedMs } = world;
  return { breaches, counts, ...tally, settledMs, drainedMs };

  async function deliveryBreaches(): Promise<string[]> {
    const deleted = new Set(world.events.filter((e) => e.state === 'deleted').flatMap((e) => e.playbackIds));
    const deadline = Date.now() + deliveryMs;
    for (;;) {
      const rows = await transitionRows(world.databaseUrl);
      const breaches = judgeReceived(subscriber.received, rows, (id) => deleted.has(id));
      if (breaches.length === 0 || Date.now() > deadline) return breaches;
      await sleep(100);
    }
  }

  function strayObjects(): string[] {
    const kept = new Set(world.events.filter((e) => e.state === 'verified').flatMap((e) => e.playbackIds));
    const isStray = (key: string) => key !== 'flashback-check' && !kept.has(playbackOfKey(key) ?? '');
    const keys = [...bucket.contents.objects.keys()].filter(isStray);
    return [
      ...keys.map((key) => `an orphaned object: ${key}`),
      ...[...bucket.contents.uploads.values()].map(({ key }) => `an orphaned upload of ${key}`),
    ];
  }

  async function leftovers(): Promise<string[]> {
    const dirs = world.nodes.map(({ dataDir }) => dataDir);
    // PostgreSQL is ended by its watchdog after the server has ended.
    const deadline = Date.now() + stopMs;
    while (processesAbout(dirs).length > 0 && Date.now() < deadline) await sleep(50);
    const found = processesAbout([...dirs, small.url, large.url]).map((it) => `an orphaned process: ${it}`);
    found.push(...strayObjects());
    for (const { id, dataDir, env } of world.nodes) {
      const spools = (await readdir(path.join(dataDir, 'spool'))).filter(isSpoolName);
      found.push(...spools.map((spool) => `an orphaned spool at ${id}: ${spool}`));
      const check = runProgram('src/check-store.ts', [], env);
      let words = '';
      check.stdout!.on('data', (chunk) => (words += chunk));
      check.stderr!.on('data', (chunk) => (words += chunk));
      const code = await new Promise((resolve) => check.once('exit', resolve));
      if (code !== 0) found.push(`check-store at ${id} ended with ${code}: ${words}`);
    }
    return found;
  }
}

/** A PostgreSQL that several servers share. */
async function startDatabase(dataDir: string): Promise<DatabaseServer> {
  const log = createLog('silent');
  const children = await openChildren({ dir: path.join(dataDir, 'children'), log });
  return startDatabaseServer({ dataDir, children, log });
}
