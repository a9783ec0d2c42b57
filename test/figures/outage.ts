// `npm run figure:outage -- --minutes 60`: events end while the bucket is away. How soon are all clips in it
// afterwards?
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { figure, heading, percentile } from '../bench/figures.ts';
import { makeDataDir, startServer } from '../bench/server.ts';
import { createEvent, endEvent, type PlaybackFacts, readPlayback } from '../support/app/playbacks.ts';
import { startTestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { bucketSettings, startS3Server } from '../support/s3/s3-server.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '60' }, events: { type: 'string', default: '200' } },
});
const outageMs = Number(values.minutes) * 60_000;
const events = Number(values.events);
const arriveWithinSec = 300;
/** At 2 Mbit/s the clip has more than one part, so the outage interrupts an upload between two parts. */
const longEventMs = 45_000;
const shortEventMs = 2_000;

const bucket = await startS3Server();
const camera = await startTestCamera({ capture: await capture({ gopSec: 1, kbps: 2_000, seconds: 32 }) });
const data = await makeDataDir();
const environment = {
  SPOOL_MIN_FREE_BYTES: '0',
  ...bucketSettings(bucket),
};
const { client, stop } = await startServer(data.dir, environment);
const cameraIds = await Promise.all(['North', 'South'].map(addCamera));

async function addCamera(name: string): Promise<string> {
  const { createCamera } = await client.run<{ createCamera: { camera: { id: string } } }>(
    'mutation($input: CreateCameraInput!) { createCamera(input: $input) { camera { id } } }',
    { input: { name, rtspUrl: camera.url, preRollSec: 1 } },
  );
  const { id } = createCamera.camera;
  const state = 'query($id: ID!) { camera(id: $id) { state } }';
  await until(
    async () => (await client.run<{ camera: { state: string } }>(state, { id })).camera.state === 'LIVE',
    `${name} is live`,
  );
  return id;
}

/** @returns the id of its playback */
async function record(cameraId: string, forMs: number): Promise<string> {
  const event = await createEvent(client, { cameraId });
  await sleep(forMs);
  await endEvent(client, event.id);
  return event.playback!.id;
}

async function cpuSeconds(): Promise<number> {
  const text = await (await fetch(`${client.url}/metrics`)).text();
  return Number(/^process_cpu_seconds_total (\S+)$/m.exec(text)![1]);
}

/** Runs check-store. @returns its output; its exit code is not 0 if something is wrong */
async function checkStore(): Promise<{ code: number; words: string }> {
  const program = path.resolve(import.meta.dirname, '../../dist/check-store.js');
  const env = { ...process.env, DATA_DIR: data.dir, ...environment };
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let words = '';
  child.stdout.on('data', (chunk) => {
    words += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, words: words.trim() };
}

const ids = [await record(cameraIds[0]!, longEventMs)];
await until(() => bucket.log.some(({ op }) => op === 'UploadPart'), 'a part is on its way');
await bucket.offline();
const awayAt = Date.now();
const cpuBefore = await cpuSeconds();

const apartMs = outageMs / events;
while (ids.length < events) {
  await sleep(Math.max(0, awayAt + ids.length * apartMs - shortEventMs - Date.now()));
  ids.push(await record(cameraIds[ids.length % cameraIds.length]!, shortEventMs));
}
await sleep(Math.max(0, awayAt + outageMs - Date.now()));
const cpuUsed = (await cpuSeconds()) - cpuBefore;
const early = await completed();
const awayMs = Date.now() - awayAt;
await bucket.online();
const backAt = Date.now();

async function completed(): Promise<number> {
  const { playbacks } = await client.run<{ playbacks: { total: number } }>(
    '{ playbacks(filter: { recordingStatus: [COMPLETED] }) { total } }',
  );
  return playbacks.total;
}

const arrivals: number[] = [];
while (arrivals.length < events && Date.now() - backAt < 2 * arriveWithinSec * 1_000) {
  const count = await completed();
  const after = (Date.now() - backAt) / 1_000;
  while (arrivals.length < count) arrivals.push(after);
  await sleep(100);
}

const playbacks: PlaybackFacts[] = [];
for (const id of ids) playbacks.push(await readPlayback(client, id));
const clipOf = ({ id }: PlaybackFacts) =>
  [...bucket.contents.objects]
    .filter(([key]) => key.includes(id) && key.endsWith('.mp4'))
    .map(([, { size }]) => size);
const wrong = playbacks.filter(
  (it) => it.recordingStatus !== 'COMPLETED' || clipOf(it).join() !== String(it.fileSizeBytes),
);
const steps = 'PENDING,RECORDING,PROCESSING,COMPLETED';
const doubled = playbacks.filter(({ transitions }) => transitions.map(({ to }) => to).join() !== steps);
const sentParts = bucket.log.filter(({ op, status }) => op === 'UploadPart' && status === 200);
const objects = [...bucket.contents.objects.keys()].filter(
  (key) => key !== 'flashback-check' && !key.includes('.storyboard.'),
);
const check = await checkStore();

heading(
  `bucket away for ${(awayMs / 60_000).toFixed(1)} min, ${events} events on ${cameraIds.length} cameras`,
);
figure('COMPLETED while it was away', String(early), '0');
figure('CPU of the server meanwhile, of a core', `${((cpuUsed * 100_000) / awayMs).toFixed(1)} %`);
figure('arrived', `${arrivals.length} of ${events}`, `${events}`);
figure('half of them after', `${percentile(arrivals, 50).toFixed(1)} s`);
figure('all of them after', `${arrivals.at(-1)?.toFixed(1)} s`, `≤ ${arriveWithinSec} s`);
figure('lost, or in the bucket with another size', String(wrong.length), '0');
figure('with a transition too many or too few', String(doubled.length), '0');
figure('objects beyond a clip and a poster each', String(objects.length - 2 * events), '0');
figure('parts sent twice', String(sentParts.length - new Set(sentParts.map(({ part }) => part)).size), '0');
figure('uploads in parts left behind', String(bucket.contents.uploads.size), '0');
figure('check-store', check.words);

const isBroken =
  early > 0 ||
  arrivals.length < events ||
  arrivals.at(-1)! > arriveWithinSec ||
  wrong.length + doubled.length + bucket.contents.uploads.size > 0 ||
  objects.length !== 2 * events ||
  check.code !== 0;
process.exitCode = isBroken ? 1 : 0;
await stop();
await Promise.all([camera.close(), bucket.close(), data.remove()]);
