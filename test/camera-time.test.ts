import { expect, test } from 'vitest';
import { record, sent } from './support/simulated-camera.ts';

test('a steady camera', () => {
  const clip = record(sent({ seconds: 30 }), { fromMs: 10_000, toMs: 20_000, preRollMs: 3_000 });
  expect(clip.worst).toBeLessThan(30);
});
