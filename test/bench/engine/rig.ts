// What every bench of the engine begins with: cameras in one process, the built server in another.
import { setTimeout as sleep } from 'node:timers/promises';
import type { CaptureParameters } from '../../support/captures.ts';
import { type BenchServer, makeDataDir, startServer } from '../server.ts';
import { type BenchCamera, type BenchCameras, startCameras } from './cameras.ts';

export interface RigCamera extends BenchCamera {
  readonly id: string;
}

export interface Rig {
  readonly server: BenchServer;
  readonly cameras: readonly RigCamera[];
  readonly source: BenchCameras;
  /** Where files may be put for as long as the rig stands. */
  readonly dir: string;
  close(): Promise<void>;
}

export interface RigOptions {
  readonly count?: number;
  readonly capture: Partial<CaptureParameters>;
  readonly preRollSec: number;
}

/** Resolves when every camera has been live for its pre-roll. */
export async function standUp({ count = 1, capture, preRollSec }: RigOptions): Promise<Rig> {
  const source = await startCameras(count, capture);
  const data = await makeDataDir();
  const server = await startServer(data.dir);
  const ids: string[] = [];
  for (const [i, { url }] of source.all.entries()) ids.push(await addCamera(server, `${i}`, url, preRollSec));
  await untilLive(server, count);
  // The pre-roll, the keyframe interval before it, and the fragment under way.
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

async function addCamera(server: BenchServer, name: string, rtspUrl: string, preRollSec: number) {
  const { createCamera } = await server.client.run<{ createCamera: { camera: { id: string } } }>(
    'mutation($input: CreateCameraInput!) { createCamera(input: $input) { camera { id } } }',
    { input: { name, rtspUrl, preRollSec, maxDurationSec: 86_400 } },
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

/** What all rings hold, in bytes. */
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
