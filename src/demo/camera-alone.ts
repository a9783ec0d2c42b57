import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { findFfmpeg } from '../ffmpeg/binary.ts';
import { createLog } from '../log.ts';
import { openChildren } from '../processes/children.ts';
import { startDemoCamera } from './camera.ts';

/**
 * For containers: `node dist/demo/camera-alone.js PORT` runs the demo's camera, which other machines can reach, too.
 */
async function main(): Promise<void> {
  const port = Number(process.argv[2]);
  const log = createLog('info');
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-camera-'));
  const children = await openChildren({ dir, log });
  const { path: ffmpeg } = await findFfmpeg(children, undefined, log);
  const onRestart = (reason: string) => log.warn({ reason }, 'ffmpeg ended; it is started again');
  const camera = await startDemoCamera({ ffmpeg, spawn: children.spawn, onRestart, host: '0.0.0.0', port });
  log.info({ url: camera.url }, 'the camera can be played');
  const stop = () => void camera.close().then(() => children.close());
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
