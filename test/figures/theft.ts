// `npm run figure:theft -- --rounds 20 --seed 7`: in mid-event the server, its disk and its database are destroyed.
// Then `npm run recover` makes the clip from the bucket alone. How much of its end is missing?
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { figure, heading, percentile } from '../bench/figures.ts';
import { connectClient, type TestClient } from '../support/app/client.ts';
import { createEvent } from '../support/app/playbacks.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { readFrames } from '../support/media/frames.ts';
import { ffprobeWarnings, strictBoxes } from '../support/media/judges.ts';
import { compilePrograms, runProgram } from '../support/processes/program.ts';
import { bucketSettings, startS3Server } from '../support/s3/s3-server.ts';
import { type Random, seededRandom } from '../torture/random.ts';
import { type Server, startServer } from '../torture/server.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '20' }, seed: { type: 'string', default: '7' } },
});
const lineBitsPerSec = 20_000_000;
const rates = [1_000, 2_000, 4_000, 7_000, 10_000];
const loop = { seconds: 64, fps: 15 };
const preRollSec = 2;
/** OFFSITE_EVERY_SEC, and two parts of 5 MiB at the line's rate. */
const mayMissMs = 10_000 + (2 * 5 * 1024 * 1024 * 8_000) / lineBitsPerSec;

await compilePrograms();
const random = seededRandom(Number(values.seed));
const bucket = await startS3Server({ bytesPerSecond: lineBitsPerSec / 8 });
const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-theft-'));
const common = {
  PORT: '0',
  SPOOL_MIN_FREE_BYTES: '0',
  ...bucketSettings(bucket),
};

interface Theft {
  readonly kbps: number;
  readonly recordedMs: number;
  readonly missingMs: number;
  readonly problems: readonly string[];
}

const thefts: Theft[] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  const kbps = rates[round % rates.length]!;
  const theft = await steal(round, kbps, random);
  thefts.push(theft);
  const { recordedMs, missingMs, problems } = theft;
  console.log(
    `${round}: ${kbps} kbit/s, after ${recordedMs.toFixed(0)} ms, missing ${missingMs.toFixed(0)} ms`,
    ...problems,
  );
}
await rm(dir, { recursive: true, force: true, maxRetries: 10 });
await bucket.close();

/** Records for a random time, destroys the machine, and recovers the clip. */
async function steal(round: number, kbps: number, random: Random): Promise<Theft> {
  const camera = await startTestCamera({ capture: await capture({ ...loop, gopSec: 1, kbps }) });
  const dataDir = path.join(dir, `${round}`);
  const server = await startServer({ DATA_DIR: dataDir, ...common });
  const client = connectClient(server.url);
  const cameraId = await addCamera(client, camera);
  const { playback } = await createEvent(client, { cameraId });
  const begunAt = Date.now();
  await sleep(random.between(8_000, 40_000));
  const stolenAt = Date.now();
  await destroy(server, dataDir);
  const { key, words } = await recover(playback!.id);
  const problems: string[] = [];
  if (!key && !/no unfinished recording|was lost before/.test(words)) problems.push(words);
  // In the first seconds, the bucket may have nothing of a recording.
  const lastAt = key ? await judge(key, camera, stolenAt, problems) : begunAt - preRollSec * 1_000;
  await camera.close();
  return { kbps, recordedMs: stolenAt - begunAt, missingMs: stolenAt - lastAt, problems };
}

async function addCamera(client: TestClient, camera: TestCamera): Promise<string> {
  const { createCamera } = await client.run<{ createCamera: { camera: { id: string } } }>(
    'mutation($input: CreateCameraInput!) { createCamera(input: $input) { camera { id } } }',
    { input: { name: 'Yard', rtspUrl: camera.url, preRollSec } },
  );
  const { id } = createCamera.camera;
  const query = 'query($id: ID!) { camera(id: $id) { state } }';
  const state = async () => (await client.run<{ camera: { state: string } }>(query, { id })).camera.state;
  await until(async () => (await state()) === 'LIVE', 'the camera is live');
  return id;
}

async function destroy(server: Server, dataDir: string): Promise<void> {
  server.kill();
  await server.over();
  // The watchdog ends PostgreSQL. PostgreSQL may write files until then; the retries remove them.
  await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
}

/** Runs `recover` on another machine. @returns the clip's key */
async function recover(playbackId: string): Promise<{ key: string | undefined; words: string }> {
  const child = runProgram('src/recover.ts', ['--force'], { ...common, DATA_DIR: path.join(dir, 'new') });
  let words = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk) => {
      words += chunk;
    });
  await once(child, 'close');
  return { key: new RegExp(`${playbackId}: recovered .* as (\\S+)`).exec(words)?.[1], words };
}

/** @returns when the camera sent the last picture of the clip, in epoch ms */
async function judge(key: string, camera: TestCamera, nearMs: number, problems: string[]): Promise<number> {
  const file = path.join(dir, 'clip.mp4');
  await writeFile(file, await bucket.bytes(key));
  const warnings = await ffprobeWarnings(file);
  if (warnings) problems.push(`ffprobe: ${warnings}`);
  await strictBoxes(file, { mayHaveUnusedPayload: true }).catch((error: Error) =>
    problems.push(`boxes: ${error.message}`),
  );
  const counters = (await readFrames(file)).map(({ counter }) => counter);
  const frames = loop.seconds * loop.fps;
  if (counters.some((counter, i) => i > 0 && counter !== (counters[i - 1]! + 1) % frames))
    problems.push('pictures are missing in the middle');
  const left = [...bucket.contents.objects.keys()].filter((it) => it.startsWith('recovery/'));
  if (left.length > 0) problems.push(`left in the bucket: ${left.join(', ')}`);
  if (bucket.contents.uploads.size > 0) problems.push('an upload is left unfinished');
  return camera.sentAt(counters.at(-1)!, nearMs);
}

heading(`${thefts.length} thefts in mid-event, over a line of ${lineBitsPerSec / 1e6} Mbit/s`);
for (const kbps of rates) {
  const missing = thefts.filter((theft) => theft.kbps === kbps).map(({ missingMs }) => missingMs / 1_000);
  if (missing.length === 0) continue;
  const [median, most] = [percentile(missing, 50), Math.max(...missing)];
  figure(`${kbps / 1_000} Mbit/s: missing, median / most`, `${median.toFixed(1)} / ${most.toFixed(1)} s`);
}
const all = thefts.map(({ missingMs }) => missingMs / 1_000);
figure(
  'all: missing, median / most',
  `${percentile(all, 50).toFixed(1)} / ${Math.max(...all).toFixed(1)} s`,
  `≤ ${(mayMissMs / 1_000).toFixed(1)} s`,
);
const wrong = thefts.filter(({ missingMs, problems }) => missingMs > mayMissMs || problems.length > 0);
figure('thefts with something wrong', `${wrong.length}`, '0');
process.exit(wrong.length > 0 ? 1 : 0);
