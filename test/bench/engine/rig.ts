// What every bench of the engine starts: cameras in one process, the built server in another.
import { setTimeout as sleep } from 'node:timers/promises';
import type { CaptureParameters } from '../../support/camera/captures.ts';
import { type BenchServer, makeDataDir, startServer } from '../server.ts';
import { type BenchCamera, type BenchCameras, startCameras } from './cameras.ts';
import { inTurns } from './clips.ts';

export interface RigCamera extends BenchCamera {
  readonly id: string;
}

export interface Rig {
  readonly server: BenchServer;
  readonly cameras: readonly RigCamera[];
  readonly source: BenchCameras;
  /** A folder that exists as long as the rig. */
  readonly dir: string;
  close(): Promise<void>;
}

export interface RigOptions {
  readonly count?: number;
  readonly capture: Partial<CaptureParameters>;
  readonly preRollSec: number;
  readonly environment?: Record<string, string>;
  /** The longest recording. Default: a day. */
  readonly maxDurationSec?: number;
}

/** Cameras that are added at the same time. */
const sideBySide = 8;

/** Resolves when every camera has been live for the length of its pre-roll. */
export async function standUp(options: RigOptions): Promise<Rig> {
  const { count = 1, capture, preRollSec, environment, maxDurationSec = 86_400 } = options;
  const source = await startCameras(count, capture);
  const data = await makeDataDir();
  const server = await startServer(data.dir, environment);
  const ids = await inTurns([...source.all.entries()], sideBySide, ([i, { url }]) =>
    addCamera(server, { name: `${i}`, rtspUrl: url, preRollSec, maxDurationSec }),
  );
  await untilLive(server, count);
  // The pre-roll, the keyframe interval before it, and the fragment in progress.
  await sleep((preRollSec + (capture.gopSec ?? 2) + 1) * 1_000);
  return {
    server,
    source,
    dir: data.dir,
    cameras: source.all.map((camera, i) => ({ ...camera, id: ids[i]! })),
    async close() {
      await server.stop();
      await source.close();
      await data.remove();
    },
  };
}

/** When (epoch ms) each camera entered its present state. */
export async function statesSince({ server, cameras }: Rig): Promise<number[]> {
  const { cameras: found } = await server.client.run<{ cameras: { id: string; stateSince: string }[] }>(
    '{ cameras { id stateSince } }',
  );
  const since = new Map(found.map(({ id, stateSince }) => [id, Date.parse(stateSince)]));
  return cameras.map(({ id }) => since.get(id)!);
}

async function addCamera(server: BenchServer, input: Record<string, string | number>) {
  const { createCamera } = await server.client.run<{ createCamera: { camera: { id: string } } }>(
    'mutation($input: CreateCameraInput!) { createCamera(input: $input) { camera { id } } }',
    { input },
  );
  return createCamera.camera.id;
}

export async function untilLive(server: BenchServer, count: number): Promise<void> {
  for (;;) {
    const metrics = await metricsOf(server);
    if (sumOf(metrics, 'flashback_feed_state', 'state="LIVE"') >= count) return;
    await sleep(200);
  }
}

/** The bytes in all rings. */
export async function ringBytes(server: BenchServer): Promise<number> {
  return sumOf(await metricsOf(server), 'flashback_ring_bytes');
}

async function metricsOf(server: BenchServer): Promise<string> {
  return (await fetch(`${server.client.url}/metrics`)).text();
}

function sumOf(metrics: string, name: string, label = ''): number {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && line.includes(label))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
