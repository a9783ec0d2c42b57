// The built server in a process of its own, so that its memory and processor time can be measured alone.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { connectClient, type TestClient } from '../support/app/client.ts';
import { freePort } from '../support/processes/free-port.ts';

export interface BenchServer {
  readonly client: TestClient;
  readonly dataDir: string;
  readonly pid: number;
  /** The resident memory of the server's process, in MiB. */
  rssMib(): number;
  stop(): Promise<void>;
}

const main = path.resolve(import.meta.dirname, '../../dist/main.js');

export async function makeDataDir(): Promise<{ dir: string; remove: () => Promise<void> }> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-bench-'));
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}

/** Starts `node dist/main.js` on this data; resolves when it is ready. */
export async function startServer(
  dataDir: string,
  environment: Record<string, string> = {},
): Promise<BenchServer> {
  const port = await freePort();
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, DATA_DIR: dataDir, PORT: String(port), LOG_LEVEL: 'info', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // If a bench fails, the server is ended, too.
  const end = () => child.kill('SIGTERM');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  await ready(child);
  const client = connectClient(`http://127.0.0.1:${port}`);
  return {
    client,
    dataDir,
    pid: child.pid!,
    rssMib: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024,
    async stop() {
      await client.close();
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

async function ready(child: ChildProcess): Promise<void> {
  let text = '';
  await new Promise<void>((resolve, reject) => {
    // Keeps reading, because a full pipe would stop the server. The server's errors explain why a bench failed.
    child.stdout!.on('data', (chunk: Buffer) => {
      if (text.includes('"msg":"ready"')) {
        const lines = chunk.toString().split('\n');
        for (const line of lines) if (/"level":[56]0/.test(line)) console.error(line);
        return;
      }
      text += chunk;
      if (text.includes('"msg":"ready"')) resolve();
    });
    child.once('exit', () => reject(new Error(`The server did not start: ${text}`)));
  });
}
