// `npm run torture -- --rounds 200 --seed 7`, or with several servers: `npm run torture -- --nodes 3 --rounds 40 --seed 7`.
// With `--from ../earlier`, a built checkout of an earlier release, each server is of that release until it is started again.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { torture } from './torture.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '77' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string' },
  },
});
const started = Date.now();
const result = await torture({
  nodes: Number(values.nodes),
  rounds: Number(values.rounds),
  seed: Number(values.seed),
  from: values.from && path.resolve(values.from),
  say: (line) => console.log(line),
});

const spread = (all: readonly number[]) => {
  const sorted = [...all].sort((a, b) => a - b).map(Math.round);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return sorted.length
    ? `${sorted.length} times: p50 ${at(0.5)}, p95 ${at(0.95)}, most ${sorted.at(-1)} ms`
    : 'never';
};
console.log(
  `\nnodes ${values.nodes}, seed ${values.seed}, ${values.rounds} rounds in ${Math.round((Date.now() - started) / 1_000)} s`,
);
for (const [what, count] of Object.entries(result.counts).sort()) console.log(`  ${what}: ${count}`);
console.log(`  footage lost at a cut: ${spread(result.lostMs)}`);
console.log(`  from the last frame before a cut to the first behind it: ${spread(result.holesMs)}`);
if (result.wentOnMs.length > 0) {
  console.log(`  from a cut to the first frame at another node: ${spread(result.wentOnMs)}`);
  console.log(`  shared by two clips of an event: ${spread(result.overlapsMs)}`);
  console.log(`  from SIGTERM to the end of a server: ${spread(result.drainedMs)}`);
}
console.log(`  until COMPLETED or FAILED: ${spread(result.settledMs)}`);
console.log(`  breaches: ${result.breaches.length}`);
for (const breach of result.breaches) console.log(`  ! ${breach}`);
process.exitCode = result.breaches.length > 0 ? 1 : 0;
