// What a spool reports about its writes.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { FootageMemory } from '../../src/footage/memory.ts';
import { FootageWriter } from '../../src/footage/writer.ts';
import { GrowingSpools } from '../../src/spool/growing.ts';
import { Spool } from '../../src/spool/spool.ts';

test('a wait for units ends when they are written, even if more arrive meanwhile', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'flashback-spool-'));
  const spool = Spool.create(new GrowingSpools(), folder, 1_700_000_000_000, Buffer.alloc(10));
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

test('a spool whose file cannot be made says so, and holds no footage', async () => {
  const growing = new GrowingSpools();
  const spool = Spool.create(
    growing,
    path.join(os.tmpdir(), 'flashback-no-such-folder'),
    1_000,
    Buffer.alloc(10),
  );
  const writer = new FootageWriter(new FootageMemory());
  const unit = () => {
    writer.copy(Buffer.alloc(100), 0, 100);
    return writer.finish();
  };
  const [early, late] = [unit(), unit()];
  const piece = early.pieces[0]!;
  spool.append([], [early]);
  await spool.written();
  expect(spool.failure).toMatchObject({ code: 'ENOENT' });
  spool.append([], [late]);
  writer.close();
  expect(piece.holders).toBe(0);
  await spool.close();
  expect(growing.all()).toEqual([]);
});
