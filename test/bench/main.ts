// npm run bench [NAME …]: the figures that the README quotes, each beside the reference pipeline where there is one.
import os from 'node:os';
import { benchApi } from './api.ts';
import { benchDashboard } from './dashboard.ts';
import { benchMemory } from './memory.ts';
import { benchRecordings } from './recordings.ts';

const benches: Record<string, () => Promise<void>> = {
  recordings: benchRecordings,
  memory: benchMemory,
  api: benchApi,
  dashboard: benchDashboard,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}; expected ${Object.keys(benches).join(', ')}.`);
  process.exit(1);
}
console.log(
  `${os.cpus().length} × ${os.cpus()[0]?.model}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node ${process.version}`,
);
for (const [name, run] of Object.entries(benches)) {
  if (wanted.length === 0 || wanted.includes(name)) await run();
}
