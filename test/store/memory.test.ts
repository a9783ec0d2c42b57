import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { S3StoreOptions } from '../../src/store/s3.ts';
import { program } from '../support/processes/program.ts';
import type { SparsePut } from '../support/s3/put-sparse.ts';

const mib = 1024 * 1024;

describe('the memory of a process that stores 1 GiB', { timeout: 120_000 }, () => {
  const gib = 1024 * mib;
  const limit = 100 * mib;

  async function putSparse(store: SparsePut['store']): Promise<{ grown: number; size: number }> {
    const put: SparsePut = { bytes: gib, store };
    const run = promisify(execFile)(process.execPath, [
      program('test/support/s3/put-sparse.ts'),
      JSON.stringify(put),
    ]);
    return JSON.parse((await run).stdout);
  }

  async function serverProcess(): Promise<S3StoreOptions> {
    const child = spawn(process.execPath, [program('test/support/s3/serve.ts')], { stdio: 'pipe' });
    onTestFinished(async () => {
      child.stdin.end();
      await once(child, 'exit');
    });
    const [line] = await once(child.stdout, 'data');
    return { ...JSON.parse(String(line)), urlTtlSec: 60 };
  }

  test('does not grow when the store is a bucket', async () => {
    const { grown, size } = await putSparse({ s3: await serverProcess() });
    expect(size).toBe(gib + 1024);
    expect(grown).toBeLessThan(limit);
  });

  test('does not grow when the store is a folder', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'flashback-store-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const { grown, size } = await putSparse({ local: { dir } });
    expect(size).toBe(gib + 1024);
    expect(grown).toBeLessThan(limit);
  });
});
