import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { program } from '../support/processes/program.ts';
import type { SparsePut } from '../support/s3/put-sparse.ts';

const mib = 1024 * 1024;

describe('the memory of a process that stores 1 GiB', { timeout: 120_000 }, () => {
  const gib = 1024 * mib;
  const limit = 100 * mib;

  async function putSparse(dir: string): Promise<{ grown: number; size: number }> {
    const put: SparsePut = { bytes: gib, dir };
    const script = program('test/support/s3/put-sparse.ts');
    return JSON.parse((await promisify(execFile)(process.execPath, [script, JSON.stringify(put)])).stdout);
  }

  test('does not grow with the local store; the limit for uploads to a bucket is tested in uplink.test.ts', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'flashback-store-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const { grown, size } = await putSparse(dir);
    expect(size).toBe(gib + 1024);
    expect(grown).toBeLessThan(limit);
  });
});
