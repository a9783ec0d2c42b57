// A short run of the torture; `npm run torture -- --rounds 200 --seed 7` is the long one.
import { expect, test } from 'vitest';
import { torture } from './torture/torture.ts';

test('whatever is cut at whatever moment, nothing is lost and nothing is left behind', async () => {
  const lines: string[] = [];
  const result = await torture({ rounds: 5, seed: 3, say: (line) => lines.push(line) });
  expect(result.breaches, lines.join('\n')).toEqual([]);
  expect(result.counts).toMatchObject({
    'answers of the database lost': 1,
    'server killed': 1,
    'clock set': 1,
    'postgres killed': 1,
    'server paused': 1,
  });
  expect(result.counts.COMPLETED).toBeGreaterThan(0);
}, 240_000);
