// One event at each of many cameras at the same time, and the same events recorded by the reference pipeline.
import { setTimeout as sleep } from 'node:timers/promises';
import { awaitEnd, download, endEvent } from '../../support/app/playbacks.ts';
import { beginEvent } from '../begin.ts';
import { type Ask, connections } from '../connections.ts';
import { figure, heading, ms, percentiles } from '../figures.ts';
import { startReferences } from '../reference.ts';
import { fullHd } from './cameras.ts';
import { faultOf, firstMs, lookAtEach, type Seen, see, tellBeginnings } from './clips.ts';
import { type Rig, standUp } from './rig.ts';

const count = 128;
const preRollSec = 5;
const eventMs = 10_000;

interface Recorded {
  /** From the end of all events to the last clip. */
  readonly finishedMs: number;
  /** In the order of the cameras. */
  readonly clips: readonly Clip[];
}

interface Clip {
  readonly seen: Seen | undefined;
  /** When the first picture was taken, relative to the time of the burst. */
  readonly firstMs: number;
  readonly fault: string | undefined;
}

/**
 * An analytics service keeps its connections open. The measured time is that of a request on such a connection until
 * its answer is read, the row is committed and the ring is on disk. The floor is the time of the same connections for
 * an answer that needs nothing of the server, on the same busy machine.
 */
/** @param audio what the cameras send: G.711 must be encoded while it is recorded */
export async function benchBurst(audio: 'aac' | 'pcma'): Promise<void> {
  const rig = await standUp({ count, capture: { ...fullHd, audio }, preRollSec });
  const { ask, close } = connections(rig.server.client.url, count);
  await atOnce(() => answerMs(ask)); // opens the connections
  const floor: number[] = [];
  for (let round = 0; round < 3; round++) floor.push(...(await atOnce(() => answerMs(ask))));
  const { took, ...ours } = await record(rig, ask);
  close();
  await rig.server.stop();
  const reference = await recordByReference(rig);
  await rig.close();

  heading(
    `${count} cameras (${audio}), an event of ${eventMs / 1_000} s each at the same moment, over connections that are open`,
  );
  figure('createEvent, p50 / p99', percentiles(took, 50, 99), 'p99 300 ms');
  figure('floor: { __typename } instead, p50 / p99', percentiles(floor, 50, 99));
  const right = ({ clips }: Recorded) => clips.filter(({ fault }) => !fault).length;
  const plays = reference.clips.filter(({ seen }) => seen).length;
  figure('right clips', `${right(ours)}`, `${count}`);
  for (const fault of faults(ours).slice(0, 5)) figure(fault, '');
  figure('the reference’s; files of it that play', `${right(reference)}; ${plays}`);
  const first = ({ clips }: Recorded) => clips.map((clip) => clip.firstMs);
  tellBeginnings(first(ours), first(reference));
  figure('all ended → all COMPLETED, with a poster each', ms(ours.finishedMs), '8 s');
  figure('the reference’s: SIGINT → all files finished and read', ms(reference.finishedMs));
}

const atOnce = <Result>(call: (camera: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, (_, i) => call(i)));

async function answerMs(ask: Ask): Promise<number> {
  const before = performance.now();
  await ask('{ __typename }');
  return performance.now() - before;
}

async function record({ server, cameras, dir }: Rig, ask: Ask): Promise<Recorded & { took: number[] }> {
  const startedAt = Date.now();
  const events = await atOnce((i) => beginEvent(ask, cameras[i]!.id));
  const took = events.map(({ tookMs }) => tookMs);
  await sleep(Math.max(0, startedAt + eventMs - Date.now()));
  const endedAt = Date.now();
  await Promise.all(events.map(({ id }) => endEvent(server.client, id)));
  const playbacks: Awaited<ReturnType<typeof awaitEnd>>[] = [];
  for (const event of events) playbacks.push(await awaitEnd(server.client, event));
  const finishedMs = Date.now() - endedAt;
  const clips = await lookAtEach([...playbacks.entries()], async ([i, playback]) => {
    const isThere = playback.recordingStatus === 'COMPLETED';
    const seen = isThere ? await see(await download(playback, dir), cameras[i]!, startedAt) : undefined;
    const fault = faultOf(seen, { startedAt: Date.parse(playback.startedAt), endedAt }, preRollSec);
    return {
      seen,
      firstMs: firstMs(seen, { startedAt, endedAt }),
      fault: playback.errorMessage ?? fault,
    };
  });
  return { took, finishedMs, clips };
}

async function recordByReference({ cameras, dir }: Rig): Promise<Recorded> {
  const startedAt = Date.now();
  const references = startReferences(
    cameras.map(({ url }) => url),
    dir,
  );
  await sleep(Math.max(0, startedAt + eventMs - Date.now()));
  const endedAt = Date.now();
  await Promise.all(references.map((reference) => reference.end()));
  const finishedMs = Date.now() - endedAt;
  const times = { startedAt, endedAt };
  const clips = await lookAtEach([...references.entries()], async ([i, { file }]) => {
    const seen = await see(file, cameras[i]!, startedAt);
    return { seen, firstMs: firstMs(seen, times), fault: faultOf(seen, times, 0) };
  });
  return { finishedMs, clips };
}

const faults = ({ clips }: Recorded) =>
  clips.flatMap(({ fault }, i) => (fault ? [`camera ${i}: ${fault}`] : []));
