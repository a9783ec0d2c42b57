// Makes cuts (cuts.ts) at random times of every phase, then reads the frames of all clips, and compares what clients
// and a subscriber received with the rows.

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { playbackOfKey } from '../../src/domain/store-keys.ts';
import { isSpoolName } from '../../src/spool/names.ts';
import { startTestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { compilePrograms, runProgram } from '../support/processes/program.ts';
import { bucketSettings, startS3Server } from '../support/s3/s3-server.ts';
import { cutKinds } from './cuts.ts';
import { judgeReceived, judgeRows, transitionRows } from './ledger.ts';
import { processesAbout } from './processes.ts';
import { seededRandom } from './random.ts';
import { phases, playRound } from './round.ts';
import { Subscriber } from './subscriber.ts';
import { asOurs, judgeClip, judgeFailure } from './verify.ts';
import { insist, type TortureEvent, World } from './world.ts';

export interface TortureOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface TortureResult {
  readonly breaches: readonly string[];
  readonly counts: Record<string, number>;
  readonly lostMs: readonly number[];
  readonly holesMs: readonly number[];
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

export async function torture({ rounds, seed, say }: TortureOptions): Promise<TortureResult> {
  await compilePrograms();
  const random = seededRandom(seed);
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-torture-'));
  const bucket = await startS3Server({ bytesPerSecond: 12 * 1024 * 1024 });
  const small = await startTestCamera({ capture: await capture({ audio: 'aac', gopSec: 1 }) });
  const large = await startTestCamera({ capture: await capture({ gopSec: 1, kbps: 16_000, seconds: 32 }) });
  const env = {
    DATA_DIR: path.join(dir, 'data'),
    PORT: '0',
    SPOOL_MIN_FREE_BYTES: '0',
    ...bucketSettings(bucket),
  };
  const world = new World(env);
  await world.start();
  const subscriber = new Subscriber(() => world.server.url);
  const tally = { lostMs: [] as number[], holesMs: [] as number[] };
  const settledMs: number[] = [];

  /** Waits for every playback whose event has ended, and checks each once. */
  async function verify(): Promise<void> {
    for (const event of world.events.filter((e) => e.state === 'going on' && e.dueFrom !== undefined)) {
      const playback = await settled(event);
      if (!playback) continue;
      world.count(playback.recordingStatus);
      if (playback.recordingStatus === 'FAILED') {
        world.count(`FAILED ${playback.failure!.code}`);
        for (const breach of judgeFailure(event, playback, world.cuts)) world.breach(breach);
      } else {
        const verdict = await judgeClip(event, playback, world.cuts, world.aheadSince(event.askedAt), dir);
        for (const breach of verdict.breaches) world.breach(breach);
        tally.lostMs.push(...verdict.lostMs);
        tally.holesMs.push(...verdict.holesMs);
      }
      event.state = 'verified';
      if (random.chance(0.3)) await insist(() => world.remove(event));
    }
  }

  async function settled(event: TortureEvent) {
    for (;;) {
      const playback = await insist(() => world.playback(event));
      if (!playback) {
        world.breach(`${event.playbackId} is gone, though nobody deleted it`);
        event.state = 'verified';
        return undefined;
      }
      if (playback.recordingStatus === 'COMPLETED' || playback.recordingStatus === 'FAILED') {
        // By the server's own time, because checking earlier clips took a while, too.
        const saidAt = Date.parse(playback.transitions.at(-1)!.at);
        const tookMs = Math.max(
          0,
          asOurs(saidAt, Date.now(), world.aheadSince(event.askedAt)) - event.dueFrom!,
        );
        settledMs.push(tookMs);
        if (tookMs > settleMs) {
          world.breach(`${playback.id} took ${tookMs} ms to settle, with ${playback.fileSizeBytes} bytes`);
        }
        return playback;
      }
      if (Date.now() - event.dueFrom! > 6 * settleMs) {
        world.breach(`${playback.id} hangs in ${playback.recordingStatus}\n${world.server.lastWords()}`);
        event.state = 'verified';
        return undefined;
      }
      await sleep(50);
    }
  }

  try {
    await world.addCamera('small', small, 2);
    await world.addCamera('cold', small, 0);
    await world.addCamera('large', large, 1);
    for (let i = 0; i < rounds; i++) {
      // The numbers of phases and cuts have no common divisor, so every phase meets every cut before one repeats.
      const phase = phases[i % phases.length]!;
      const cut = cutKinds[i % cutKinds.length]!;
      const before = world.breaches.length;
      try {
        if (random.chance(0.3)) subscriber.interrupt();
        await playRound({ world, random, bucket, phase, cut });
        world.count(cut);
        await verify();
        if (world.isClockSet) world.setClock(0);
      } catch (error) {
        world.breach(`round ${i + 1} broke off: ${(error as Error).stack}\n${world.server.lastWords()}`);
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
    for (const breach of await deliveryBreaches()) world.breach(breach);
    await subscriber.close();

    const stoppedMs = await world.server.stop();
    world.count('ms to stop', stoppedMs);
    if (stoppedMs > stopMs) world.breach(`stopping took ${stoppedMs} ms`);
    for (const breach of await leftovers()) world.breach(breach);
  } finally {
    if (world.server.isAlive) {
      world.server.kill();
      await world.server.over();
    }
    await subscriber.close();
    await Promise.all([world.proxy.close(), small.close(), large.close(), bucket.close()]);
    await rm(dir, { recursive: true, force: true, maxRetries: 10 });
  }
  world.count('transitions received', subscriber.received.length);
  world.count('connections by which the subscriber resumed', subscriber.resumed);
  world.count('answers and statements of the database lost', world.proxy.lost);
  return { breaches: world.breaches, counts: world.counts, ...tally, settledMs };

  async function deliveryBreaches(): Promise<string[]> {
    const deleted = new Set(world.events.filter((e) => e.state === 'deleted').map((e) => e.playbackId));
    const deadline = Date.now() + deliveryMs;
    for (;;) {
      const rows = await transitionRows(world.databaseUrl);
      const breaches = judgeReceived(subscriber.received, rows, (id) => deleted.has(id));
      if (breaches.length === 0 || Date.now() > deadline) return breaches;
      await sleep(100);
    }
  }

  function strayObjects(): string[] {
    const kept = new Set(world.events.filter((e) => e.state === 'verified').map((e) => e.playbackId));
    const isStray = (key: string) => key !== 'flashback-check' && !kept.has(playbackOfKey(key) ?? '');
    const keys = [...bucket.contents.objects.keys()].filter(isStray);
    return [
      ...keys.map((key) => `an orphaned object: ${key}`),
      ...[...bucket.contents.uploads.values()].map(({ key }) => `an orphaned upload of ${key}`),
    ];
  }

  async function leftovers(): Promise<string[]> {
    // PostgreSQL is ended by its watchdog after the server has ended.
    const deadline = Date.now() + stopMs;
    while (processesAbout([dir]).length > 0 && Date.now() < deadline) await sleep(50);
    const found = processesAbout([dir, small.url, large.url]).map((it) => `an orphaned process: ${it}`);
    for (const folder of (await readdir(path.join(dir, 'data/spool'))).filter(isSpoolName))
      found.push(`an orphaned spool: ${folder}`);
    found.push(...strayObjects());
    const check = runProgram('src/check-store.ts', [], env);
    let words = '';
    check.stdout!.on('data', (chunk) => (words += chunk));
    check.stderr!.on('data', (chunk) => (words += chunk));
    const code = await new Promise((resolve) => check.once('exit', resolve));
    if (code !== 0) found.push(`check-store ended with ${code}: ${words}`);
    return found;
  }
}
