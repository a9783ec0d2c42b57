// What one viewer of sixteen cameras costs the server, beside the same cameras without a viewer.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fullHd } from './engine/cameras.ts';
import { standUp } from './engine/rig.ts';
import { type Usage, usageOver } from './engine/usage.ts';
import { figure, heading } from './figures.ts';

const cameras = 16;
/** The clocks of the cameras are settled by then, and their sockets are read in turns. */
const settleSec = 10;
const measuredSec = 30;
const rounds = 2;

export async function benchLiveWall(): Promise<void> {
  heading(`A viewer of ${cameras} cameras of 1080p15 at 4 Mbit/s, ${rounds} × ${measuredSec} s`);
  const rig = await standUp({ count: cameras, capture: fullHd, preRollSec: 5 });
  const costs: number[] = [];
  try {
    await sleep(settleSec * 1_000);
    for (let round = 0; round < rounds; round++) {
      const without = await usageOver(measuredSec, rig.server.pid);
      const viewer = await startViewer(
        rig.server.client.url,
        rig.cameras.map(({ id }) => id),
      );
      const withViewer = await usageOver(measuredSec, rig.server.pid);
      const bytes = await viewer.stop();
      costs.push(withViewer.node - without.node);
      figure('without a viewer', words(without));
      figure('with the viewer', words(withViewer));
      figure('received by the viewer', `${((bytes * 8) / measuredSec / 1e6).toFixed(1)} Mbit/s`);
    }
  } finally {
    await rig.close();
  }
  figure('the viewer', costs.map((cost) => `${cost.toFixed(2)} %`).join('; '), '≤ 3 % of a core');
}

const words = ({ node, nodeMib }: Usage) => `${node.toFixed(2)} % of a core, ${nodeMib.toFixed(0)} MiB`;

/** A viewer in a process of its own. `stop` resolves with the bytes that it has received. */
async function startViewer(url: string, cameraIds: readonly string[]) {
  const child = fork(path.join(import.meta.dirname, 'viewer-process.ts'), [url, ...cameraIds]);
  await once(child, 'message');
  return {
    async stop(): Promise<number> {
      child.send('stop');
      const [bytes] = (await once(child, 'message')) as [number];
      if (child.exitCode === null) await once(child, 'exit');
      return bytes;
    },
  };
}
