// `npm run torture:uploads -- --rounds 100 --seed 7`: while a clip is uploaded, the server is killed, the line is cut, or
// the bucket is away. The clip must be complete, no acknowledged part but one may be sent twice, and nothing may be left.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connectClient, type TestClient } from '../support/app/client.ts';
import { createEvent, endEvent, type PlaybackFacts, readPlayback } from '../support/app/playbacks.ts';
import { startTestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { readFrames } from '../support/media/frames.ts';
import { ffprobeWarnings, strictBoxes } from '../support/media/judges.ts';
import { compilePrograms } from '../support/processes/program.ts';
import { bucketSettings, startS3Server } from '../support/s3/s3-server.ts';
import { type Random, seededRandom } from './random.ts';
import { type Server, startServer } from './server.ts';
import { insist } from './world.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '100' }, seed: { type: 'string', default: '7' } },
});
const cuts = ['server killed', 'line cut', 'bucket away'] as const;
type Cut = (typeof cuts)[number];

const loop = { seconds: 16, fps: 15 };
/** A part of 5 MiB is full every two seconds, and is on the line for half a second. */
const kbps = 20_000;
const bytesPerSecond = 10 * 1024 * 1024;
/** Parts that are sent side by side after the end of a recording: the answers to all of them may be lost at one cut. */
const lanes = 3;

await compilePrograms();
const random = seededRandom(Number(values.seed));
const bucket = await startS3Server({ bytesPerSecond });
const camera = await startTestCamera({ capture: await capture({ ...loop, kbps, gopSec: 1, audio: 'aac' }) });
const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-torture-uploads-'));
const env = {
  ...{ DATA_DIR: path.join(dir, 'data'), PORT: '0', SPOOL_MIN_FREE_BYTES: '0', OFFSITE_EVERY_SEC: '2' },
  ...bucketSettings(bucket),
};
let server = await startServer(env);
const client = (): TestClient => connectClient(server.url);
const { createCamera } = await client().run<{ createCamera: { camera: { id: string } } }>(
  'mutation($input: CreateCameraInput!) { createCamera(input: $input) { camera { id } } }',
  { input: { name: 'Yard', rtspUrl: camera.url, preRollSec: 1 } },
);
const cameraId = createCamera.camera.id;

const breaches: string[] = [];
let sentTwice = 0;
for (let round = 0; round < Number(values.rounds); round++) {
  const cut = cuts[round % cuts.length]!;
  const isEnding = random.chance(0.5);
  const found = await playRound(cut, isEnding, random);
  breaches.push(...found.map((text) => `round ${round}, ${cut}: ${text}`));
  console.log(`${round}: ${cut} ${isEnding ? 'after the end' : 'while it is recorded'}`, ...found);
}

/** @returns every breach, as a sentence */
async function playRound(cut: Cut, isEnding: boolean, random: Random): Promise<string[]> {
  const start = bucket.log.length;
  await insist(async () => {
    const query = 'query($id: ID!) { camera(id: $id) { state } }';
    const { camera } = await client().run<{ camera: { state: string } }>(query, { id: cameraId });
    if (camera.state !== 'LIVE') throw new Error('The camera is not live.');
  });
  const event = await createEvent(client(), { cameraId });
  const { id } = event.playback!;
  await sleep(random.between(isEnding ? 6_000 : 1_000, 12_000));
  if (isEnding) {
    await endEvent(client(), event.id);
    await sleep(random.between(0, 1_500));
  }
  await strike(cut, random);
  if (!isEnding) {
    await sleep(random.between(0, 3_000));
    await insist(() => endEvent(client(), event.id));
  }
  const playback = await completed(id);
  return [
    ...(await judgeClip(playback, cut)),
    ...judgeParts(start, id, isEnding ? lanes : 1),
    ...(await judgeRemains(id)),
  ];
}

async function strike(cut: Cut, random: Random): Promise<void> {
  if (cut === 'server killed') {
    server.kill();
    await server.over();
    server = await restarted();
    return;
  }
  await bucket.offline();
  if (cut === 'bucket away') await sleep(random.between(1_000, 8_000));
  await bucket.online();
}

/** The dead server's database may still be ending. */
function restarted(): Promise<Server> {
  return insist(() => startServer(env));
}

async function completed(id: string): Promise<PlaybackFacts> {
  return insist(async () => {
    const playback = await readPlayback(client(), id);
    if (playback.recordingStatus !== 'COMPLETED') throw new Error(`The clip is ${playback.recordingStatus}.`);
    return playback;
  }, 90_000);
}

async function judgeClip(playback: PlaybackFacts, cut: Cut): Promise<string[]> {
  const file = path.join(dir, 'clip.mp4');
  const [key, object] = [...bucket.contents.objects].find(
    ([key]) => key.includes(playback.id) && key.endsWith('.mp4'),
  )!;
  await writeFile(file, await bucket.bytes(key));
  const said: string[] = [];
  if (object.size !== playback.fileSizeBytes) said.push(`the object has ${object.size} bytes`);
  const warnings = await ffprobeWarnings(file);
  if (warnings) said.push(`ffprobe: ${warnings}`);
  await strictBoxes(file).catch((error: Error) => said.push(`boxes: ${error.message}`));
  const counters = (await readFrames(file)).map(({ counter }) => counter);
  const frames = loop.seconds * loop.fps;
  const holes = counters.filter((counter, i) => i > 0 && counter !== (counters[i - 1]! + 1) % frames).length;
  // While the server was dead, nothing was recorded.
  if (holes > (cut === 'server killed' ? 1 : 0)) said.push(`${holes} holes in the pictures`);
  return said;
}

/** @param mayRepeat how many parts may have been acknowledged without anybody knowing of it */
function judgeParts(start: number, id: string, mayRepeat: number): string[] {
  const acknowledged = bucket.log
    .slice(start)
    .filter(({ op, key, status }) => op === 'UploadPart' && status === 200 && key.includes(id))
    .map(({ key, part }) => `${key} ${part}`);
  const repeated = acknowledged.length - new Set(acknowledged).size;
  sentTwice += repeated;
  return repeated > mayRepeat ? [`${repeated} acknowledged parts were sent twice`] : [];
}

async function judgeRemains(id: string): Promise<string[]> {
  const remains = async () => [
    ...[...bucket.contents.uploads.values()].map(({ key }) => `the upload of ${key}`),
    ...[...bucket.contents.objects.keys()].filter((key) => key.startsWith('recovery/')),
    ...(await readdir(path.join(env.DATA_DIR, 'spool'))).filter((name) => name === id),
  ];
  const deadline = Date.now() + 20_000;
  let left = await remains();
  while (left.length > 0 && Date.now() < deadline) {
    await sleep(200);
    left = await remains();
  }
  // The storyboard comes later.
  const stored = [...bucket.contents.objects.keys()].filter(
    (key) => key.includes(id) && !key.includes('.storyboard.'),
  );
  if (stored.length !== 2) left.push(`the objects ${stored.join(', ')} instead of a clip and a poster`);
  return left.map((what) => `left behind: ${what}`);
}

await server.stop();
await camera.close();
await bucket.close();
await rm(dir, { recursive: true, force: true, maxRetries: 10 });
console.log(`\nseed ${values.seed}, ${values.rounds} rounds; acknowledged parts sent twice: ${sentTwice}`);
console.log(`breaches: ${breaches.length}`);
for (const breach of breaches) console.log(`! ${breach}`);
process.exit(breaches.length > 0 ? 1 : 0);
