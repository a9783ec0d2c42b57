/**
 * Puts a sparse file of `bytes` into a local store, and prints the largest growth of this process's resident memory, as
 * one line of JSON.
 */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bufferBody, fileBody } from '../../../src/store/body.ts';
import { createLocalStore } from '../../../src/store/local.ts';

export interface SparsePut {
  bytes: number;
  dir: string;
}

const { bytes, dir: into } = JSON.parse(process.argv[2]!) as SparsePut;
const store = createLocalStore({ dir: into, baseUrl: () => 'http://flash' });
const dir = await mkdtemp(join(tmpdir(), 'flashback-sparse-'));
try {
  const path = join(dir, 'spool');
  const file = await open(path, 'w');
  await file.truncate(bytes);
  await file.close();

  // Loads and compiles all code before the measurement begins.
  await store.put('warm-up.mp4', bufferBody(Buffer.alloc(1024)), 'video/mp4');
  const before = process.memoryUsage.rss();
  let peak = before;
  const sampling = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 10);
  const ranges = [{ from: 0, to: bytes }];
  await store.put('sparse.mp4', fileBody({ head: Buffer.alloc(1024), path, ranges }), 'video/mp4');
  clearInterval(sampling);
  const stored = await store.stat('sparse.mp4');
  await store.remove('sparse.mp4');
  console.log(JSON.stringify({ grown: peak - before, size: stored?.size }));
} finally {
  await rm(dir, { recursive: true });
  await store.close();
}
