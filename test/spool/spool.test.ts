// What a spool reports about its writes.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { GrowingSpools } from '../../src/spool/growing.ts';
import { Spool } from '../../src/spool/spool.ts';

test('a wait for units ends when they are written, even if more arrive meanwhile', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'flashback-spool-'));
  const spool = await Spool.create(new GrowingSpools(), folder, 1_700_000_000_000, Buffer.alloc(10));
  let goesOn = true;
  onTestFinished(async () => {
    goesOn = false;
    await spool.close();
    await rm(folder, { recursive: true });
  });
  const more = () => {
    for (let i = 0; i < 20; i++) spool.append([Buffer.alloc(1_000)]);
    if (goesOn) setImmediate(more);
  };
  spool.append([Buffer.alloc(5_000_000)]);
  more();
  await spool.written();
  expect((await stat(spool.path)).size).toBeGreaterThanOrEqual(5_000_010);
});
