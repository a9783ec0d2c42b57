// npm run bench [-- NAME …]: the figures of the README, beside the reference pipeline where there is one. `engine`
// means all benches of the engine, `engine:burst` only that one.
import os from 'node:os';
import { benchApi, benchLists } from './api.ts';
import { benchDashboard } from './dashboard.ts';
import { benchHeap, benchLoad, benchPage, benchResponse } from './dashboard-page.ts';
import { benchBeginning, benchShort } from './engine/beginning.ts';
import { benchBurst } from './engine/burst.ts';
import { benchEndings } from './engine/endings.ts';
import { benchCameras, benchOverlap } from './engine/load.ts';
import { benchLiveWall } from './live-wall.ts';
import { benchMemory } from './memory.ts';
import { benchRecordings } from './recordings.ts';
import { benchTransitions } from './transitions.ts';
import { benchUploads } from './upload/endings.ts';
import { benchManyUploads, benchUploadCost } from './upload/load.ts';
import { benchLongUpload, benchUploadBytes } from './upload/size.ts';

const benches: Record<string, () => Promise<void>> = {
  recordings: benchRecordings,
  memory: benchMemory,
  api: benchApi,
  'api:lists': benchLists,
  transitions: benchTransitions,
  'upload:1': () => benchUploads(1, 6),
  'upload:10': () => benchUploads(10, 4),
  'upload:60': () => benchUploads(60, 2),
  'upload:cost': benchUploadCost,
  'upload:bytes': benchUploadBytes,
  'upload:600': benchLongUpload,
  'upload:64': benchManyUploads,
  'live-wall': benchLiveWall,
  'dashboard:list': benchDashboard,
  'dashboard:load': () => benchPage(benchLoad),
  'dashboard:response': () => benchPage(benchResponse),
  'dashboard:heap': () => benchPage(benchHeap),
  'engine:beginning': benchBeginning,
  'engine:short': benchShort,
  'engine:end:1': () => benchEndings(1, 8),
  'engine:end:10': () => benchEndings(10, 8),
  'engine:end:60': () => benchEndings(60, 4),
  'engine:overlap': benchOverlap,
  'engine:cameras:1': () => benchCameras(1),
  'engine:cameras:16': () => benchCameras(16),
  'engine:cameras:64': () => benchCameras(64),
  'engine:cameras:128': () => benchCameras(128),
  'engine:cameras:256': () => benchCameras(256),
  'engine:cameras:512': () => benchCameras(512),
  'engine:burst': () => benchBurst('aac'),
  'engine:burst-g711': () => benchBurst('pcma'),
};

const wanted = process.argv.slice(2);
const means = (asked: string, name: string) => name === asked || name.startsWith(`${asked}:`);
const unknown = wanted.filter((asked) => !Object.keys(benches).some((name) => means(asked, name)));
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}; expected ${Object.keys(benches).join(', ')}.`);
  process.exit(1);
}
console.log(
  `${os.cpus().length} × ${os.cpus()[0]?.model}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node ${process.version}`,
);
for (const [name, run] of Object.entries(benches)) {
  if (wanted.length === 0 || wanted.some((asked) => means(asked, name))) await run();
}
