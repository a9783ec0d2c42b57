import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../src/log.ts';
import {
  type ChildProcess,
  type Children,
  identify,
  isRunning,
  openChildren,
} from '../../src/processes/children.ts';
import { program } from '../support/processes/program.ts';

const log = createLog('silent');
const parentFile = program('test/support/processes/killable-parent.ts');
const short = { timeoutMs: 10_000, maxOutputBytes: 1024 * 1024 };

let folder: string;
/** Starts the processes of the tests, and ends those that a failing test leaves running. */
let children: Children;

beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'flashback-children-'));
  children = await openChildren({ dir: path.join(folder, 'own'), log });
});

afterEach(async () => {
  await children.close();
  rmSync(folder, { recursive: true });
});

const sleeper = (label = 'sleeper') => children.spawn(label, 'sleep', ['600'], { stdio: 'ignore' });
const isAlive = (pid: number) => identify(pid) !== undefined;

async function firstLine(child: ChildProcess): Promise<string> {
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  return line;
}

describe('spawn', () => {
  it('passes every argument unchanged, without a shell', async () => {
    const args = [
      'two words',
      `single ' and double "`,
      '$(touch owned) `touch owned` $HOME',
      '; touch owned #',
      '-leading-dash',
      '--',
      '*',
      '',
      'back\\slash',
      'new\nline',
    ];
    const script = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';
    const done = await children.run('echo', process.execPath, ['-e', script, '--', ...args], {
      ...short,
      cwd: folder,
    });
    expect(JSON.parse(done.stdout.toString())).toEqual(args);
    expect(existsSync(path.join(folder, 'owned'))).toBe(false);
  });

  it('keeps a record of the child until it ends', async () => {
    const child = sleeper();
    const record = path.join(folder, 'own', `${child.pid}.json`);
    expect(JSON.parse(readFileSync(record, 'utf8'))).toMatchObject({
      ...identify(child.pid!),
      label: 'sleeper',
    });

    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(readdirSync(path.join(folder, 'own'))).toEqual([]);
  });

  it('ends a child even if its record could not be written', async () => {
    rmSync(path.join(folder, 'own'), { recursive: true });
    const child = sleeper();
    await children.close();
    expect(child.signalCode).toBe('SIGTERM');
  });

  it('reports a missing program by the error event', async () => {
    const [error] = await once(children.spawn('nothing', '/nowhere/nothing', []), 'error');
    expect(error.code).toBe('ENOENT');
    expect(readdirSync(path.join(folder, 'own'))).toEqual([]);
  });
});

describe('run', () => {
  const sh = (script: string, options = {}) =>
    children.run('script', 'sh', ['-c', script], { ...short, ...options });

  it('returns stdout, stderr and the exit code', async () => {
    const done = await sh('cat; echo problem >&2; exit 3', { input: Buffer.from('input') });
    expect(done).toEqual({ code: 3, signal: null, stdout: Buffer.from('input'), stderr: 'problem\n' });
  });

  it('accepts a command that does not read its input', async () => {
    const done = await sh('exit 0', { input: Buffer.alloc(4 * 1024 * 1024) });
    expect(done.code).toBe(0);
  });

  it('kills a command that takes too long, and the processes that it started', async () => {
    const pidFile = path.join(folder, 'pid');
    const running = sh(`sleep 600 & echo $! > ${pidFile}; wait`, { timeoutMs: 500 });
    await expect(running).rejects.toThrow('The command "script" took longer than 500 ms and was killed.');
    const grandchild = Number(readFileSync(pidFile, 'utf8'));
    await vi.waitFor(() => expect(isAlive(grandchild)).toBe(false));
    expect(readdirSync(path.join(folder, 'own'))).toEqual([]);
  });

  it('kills a command that writes too much', async () => {
    await expect(sh('yes', { maxOutputBytes: 1000 })).rejects.toThrow('wrote more than 1000 bytes');
  });

  it('kills an aborted command', async () => {
    const abort = new AbortController();
    const running = sh('sleep 600', { signal: abort.signal });
    abort.abort();
    await expect(running).rejects.toThrow('The command "script" was aborted.');
  });

  it('rejects when there is no such program', async () => {
    const running = children.run('nothing', '/nowhere/nothing', [], short);
    await expect(running).rejects.toThrow(
      'The command "nothing" could not be started: spawn /nowhere/nothing ENOENT.',
    );
  });
});

describe('close', () => {
  it('resolves once all children have ended, also those that ignore SIGTERM', async () => {
    const script = 'trap "" TERM; echo up; while :; do sleep 1; done';
    const stubborn = children.spawn('stubborn', 'sh', ['-c', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
      stop: { signal: 'SIGTERM', killAfterMs: 200 },
    });
    const obedient = sleeper();
    await firstLine(stubborn);

    await children.close();
    expect([stubborn.signalCode, obedient.signalCode]).toEqual(['SIGKILL', 'SIGTERM']);
    expect([isAlive(stubborn.pid!), isAlive(obedient.pid!)]).toEqual([false, false]);
  });

  it('makes later starts fail', async () => {
    await children.close();
    expect(() => sleeper()).toThrow('The server is closing');
    await expect(children.run('late', 'true', [], short)).rejects.toThrow('The server is closing');
  });
});

describe('a process that a killed server left running', () => {
  const records = () => path.join(folder, 'records');

  async function startParent(): Promise<{ parent: ChildProcess; orphan: number }> {
    const args = [parentFile, records()];
    const parent = children.spawn('parent', process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    return { parent, orphan: Number(await firstLine(parent)) };
  }

  /** Writes the record of a server that has ended: the owner's pid is this process's, its start time is not. */
  function writeRecord(child: { pid: number; startTime: string }): string {
    const file = path.join(records(), `${child.pid}.json`);
    const owner = { pid: process.pid, startTime: 'long ago' };
    const stop = { signal: 'SIGTERM', killAfterMs: 2_000 };
    writeFileSync(file, JSON.stringify({ ...child, label: 'sleeper', stop, owner }));
    return file;
  }

  it('is ended by the next server, but not while its own server runs', async () => {
    const { parent, orphan } = await startParent();
    await openChildren({ dir: records(), log });
    expect(isAlive(orphan)).toBe(true);

    parent.kill('SIGKILL');
    await once(parent, 'exit');
    expect(isAlive(orphan)).toBe(true);
    await openChildren({ dir: records(), log });
    expect(isAlive(orphan)).toBe(false);
    expect(readdirSync(records())).toEqual([]);
  });

  it('is identified by its start time: another process with the same pid keeps running', async () => {
    await openChildren({ dir: records(), log });
    const reused = identify(sleeper().pid!)!;
    const record = writeRecord({ ...reused, startTime: 'before' });
    await openChildren({ dir: records(), log });
    expect(isRunning(reused)).toBe(true);
    expect(existsSync(record)).toBe(false);

    writeRecord(reused);
    await openChildren({ dir: records(), log });
    expect(isRunning(reused)).toBe(false);
  });

  it('does not keep the next server from starting when its record is incomplete', async () => {
    await openChildren({ dir: records(), log });
    writeFileSync(path.join(records(), '123.json'), '{"pid":12');
    await openChildren({ dir: records(), log });
    expect(readdirSync(records())).toEqual([]);
  });
});

it('counts a zombie as ended', async () => {
  // The shell is replaced by a Node.js that does not know of the child, and so never reaps the child.
  const idle = 'console.log(process.argv[1]); setInterval(() => {}, 60_000)';
  const script = `sleep 600 & exec "$0" -e '${idle}' $!`;
  const child = children.spawn('parent of a zombie', 'sh', ['-c', script, process.execPath], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const zombie = Number(await firstLine(child));
  expect(isAlive(zombie)).toBe(true);
  process.kill(zombie, 'SIGKILL');
  await vi.waitFor(() => expect(isAlive(zombie)).toBe(false));
  expect(() => process.kill(zombie, 0)).not.toThrow();
});
