// A short run of the torture. `npm run torture -- --rounds 200 --seed 7` is the long run.
import { expect, test } from 'vitest';
import { judgeReceived } from './ledger.ts';
import { torture } from './torture.ts';

test('cuts at random times lose nothing and leave nothing behind', async () => {
  const lines: string[] = [];
  const result = await torture({ nodes: 1, rounds: 4, seed: 3, say: (line) => lines.push(line) });
  expect(result.breaches, lines.join('\n')).toEqual([]);
  expect(result.counts).toMatchObject({
    'answers of the database lost': 1,
    'server killed': 1,
    'clock set': 1,
    'server paused': 1,
  });
  expect(result.counts['COMPLETED']).toBeGreaterThan(0);
}, 240_000);

test('a subscriber with missing, repeated, reordered or invented transitions is noticed', () => {
  const at = '2026-01-01T00:00:00.000Z';
  const row = (from: string | null, to: string, playbackId = 'a') => ({
    playbackId,
    from,
    to,
    at: new Date(at),
  });
  const told = (from: string | null, to: string, playbackId = 'a') => ({
    playbackId,
    from,
    to,
    at,
    cursor: '',
  });
  const rows = [row(null, 'PENDING'), row('PENDING', 'RECORDING')];
  const [first, second] = [told(null, 'PENDING'), told('PENDING', 'RECORDING')];
  const judge = (received: (typeof first)[], deleted = false) => judgeReceived(received, rows, () => deleted);
  expect(judge([first, second])).toEqual([]);
  for (const wrong of [[first], [second], [first, second, second], [second, first], []])
    expect(judge(wrong)).toHaveLength(1);
  // Transitions of a deleted playback may be left out after the deletion, not before.
  const [gone, goneToo] = [told(null, 'PENDING', 'b'), told('PENDING', 'RECORDING', 'b')];
  expect(judge([first, second, gone], true)).toEqual([]);
  expect(judge([first, second, gone])).toHaveLength(1);
  expect(judge([first, second, goneToo], true)).toHaveLength(1);
  expect(judge([first, second, gone, gone], true)).toHaveLength(1);
});
