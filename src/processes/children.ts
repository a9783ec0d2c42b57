// Every process that this server starts is started here, written down, and ended here at the latest by
// the next start. What a process was is told by its pid and its start time, never by its name.
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.ts';
import { makePrivateFolder, privateFileMode } from '../private-folder.ts';

export type { ChildProcess };

/** A process and no other: the kernel gives a pid again, but not with the same start time. */
export interface ProcessIdentity {
  pid: number;
  startTime: string;
}

/** How a process is asked to end, and how long it may take until it is killed. */
export interface StopPolicy {
  signal: NodeJS.Signals;
  killAfterMs: number;
}

export interface ChildOptions extends Pick<SpawnOptions, 'cwd' | 'env' | 'stdio' | 'serialization'> {
  /** SIGTERM and 2 s unless given. */
  stop?: StopPolicy;
}

export interface RunOptions extends Pick<SpawnOptions, 'cwd' | 'env'> {
  /** Written to stdin, which is closed after it. */
  input?: Buffer;
  timeoutMs: number;
  /** More than this on stdout is an error; of stderr the last 64 KiB are kept. */
  maxOutputBytes: number;
  signal?: AbortSignal;
}

export interface RunResult {
  /** null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: Buffer;
  stderr: string;
}

export interface Children {
  /**
   * Starts `file` with exactly these arguments, without a shell, in a process group of its own: a Ctrl-C
   * in the terminal reaches the server only, which then ends its children in order. Of the server's
   * environment it gets a few harmless variables, or exactly `env`. As with
   * node:child_process, a file that cannot be started is told by the child's 'error' event.
   * Throws once `close` has been called.
   */
  spawn(label: string, file: string, args: readonly string[], options?: ChildOptions): ChildProcess;
  /**
   * Runs a short command to its end, whatever its exit code. Rejects, after the process is over, when it
   * cannot be started, takes longer than `timeoutMs`, writes too much, or `signal` is aborted.
   */
  run(label: string, file: string, args: readonly string[], options: RunOptions): Promise<RunResult>;
  /** Asks a child to end, kills it when it does not, and resolves when it is over. */
  end(child: ChildProcess): Promise<void>;
  /** Ends all children and resolves when all are over. */
  close(): Promise<void>;
}

interface ChildRecord extends ProcessIdentity {
  label: string;
  stop: StopPolicy;
  /** The server that started it: while that one lives, it is nobody else's to end. */
  owner: ProcessIdentity;
}

/** Where programs and libraries are, and how text and time are written: no child needs more of the server's environment. */
const PASSED_ON = ['PATH', 'LD_LIBRARY_PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'LC_ALL'];

const DEFAULT_STOP: StopPolicy = { signal: 'SIGTERM', killAfterMs: 2_000 };
const STDERR_KEPT_BYTES = 64 * 1024;
const LEFTOVER_POLL_MS = 20;
/** A killed process that is still there after this is stuck in the kernel; nobody can wait for it. */
const KILLED_WAIT_MS = 5_000;

/** The process that runs under `pid` now; undefined when there is none, or only its zombie. */
export function identify(pid: number): ProcessIdentity | undefined {
  const startTime = process.platform === 'linux' ? linuxStartTime(pid) : psStartTime(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startTime === identity.startTime;
}

function self(): ProcessIdentity {
  const identity = identify(process.pid);
  if (identity === undefined) throw new Error('The start time of this very process cannot be read.');
  return identity;
}

/** proc_pid_stat(5): field 3 is the state, field 22 the start in clock ticks since the boot. */
function linuxStartTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Field 2 is the name in parentheses, and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${boot}+${fields[19]}`;
  } catch {
    return undefined;
  }
}

function psStartTime(pid: number): string | undefined {
  const env = { LC_ALL: 'C', TZ: 'UTC' };
  const ps = spawnSync('/bin/ps', ['-o', 'state=,lstart=', '-p', String(pid)], { env, encoding: 'utf8' });
  const [state, ...startTime] = (ps.stdout ?? '').trim().split(/\s+/);
  return ps.status !== 0 || state?.startsWith('Z') ? undefined : startTime.join(' ');
}

/**
 * Opens the book of child processes kept in `dir`, and first ends what a killed server left behind.
 * Other living servers' children, in the same book or not, are left alone.
 */
export async function openChildren({ dir, log }: { dir: string; log: Log }): Promise<Children> {
  makePrivateFolder(dir, log);
  await endLeftovers(dir, log);

  const owner = self();
  const running = new Map<ChildProcess, StopPolicy>();
  let closing = false;

  function start(
    label: string,
    file: string,
    args: readonly string[],
    options: ChildOptions = {},
  ): ChildProcess {
    if (closing) throw new Error(`The server is closing: it does not start "${label}" any more.`);
    const { stop = DEFAULT_STOP, ...spawnOptions } = options;
    const env = spawnOptions.env ?? ownEnvironment();
    const child = spawn(file, args, { ...spawnOptions, env, shell: false, detached: true });
    if (child.pid === undefined) return child;

    running.set(child, stop);
    const record = path.join(dir, `${child.pid}.json`);
    child.once('exit', () => {
      running.delete(child);
      inBook(label, () => rmSync(record, { force: true }));
    });
    const identity = identify(child.pid);
    if (identity !== undefined) {
      const text = JSON.stringify({ ...identity, label, stop, owner } satisfies ChildRecord);
      inBook(label, () => writeFileSync(record, text, { mode: privateFileMode }));
    }
    return child;
  }

  /** A disk that takes nothing is no reason to lose hold of a process: it is ended by this server all the same. */
  function inBook(label: string, note: () => void): void {
    try {
      note();
    } catch (error) {
      log.warn({ label, error: (error as Error).message }, 'A process cannot be noted in the book.');
    }
  }

  async function end(child: ChildProcess): Promise<void> {
    const stop = running.get(child);
    if (stop === undefined) return;
    const over = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(stop.signal);
    const killer = setTimeout(() => killGroup(child), stop.killAfterMs);
    await over;
    clearTimeout(killer);
  }

  return {
    spawn: start,
    end,
    run: async (label, file, args, options) => {
      const child = start(label, file, args, { ...pick(options), stdio: ['pipe', 'pipe', 'pipe'] });
      return collect(child, label, options);
    },
    close: async () => {
      closing = true;
      await Promise.all([...running.keys()].map(end));
    },
  };
}

/** The server's environment without its secrets, among them API_KEYS and those of the bucket. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    PASSED_ON.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])),
  );
}

function pick({ cwd, env }: RunOptions): ChildOptions {
  return { ...(cwd === undefined ? {} : { cwd }), ...(env === undefined ? {} : { env }) };
}

/** The child with all that it started itself; it leads its group, and is not reaped before its 'exit'. */
function killGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

function collect(child: ChildProcess, label: string, options: RunOptions): Promise<RunResult> {
  const { input, timeoutMs, maxOutputBytes, signal } = options;
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    let stdoutBytes = 0;
    let stderr = Buffer.alloc(0);
    let failure: Error | undefined;

    const fail = (reason: string) => {
      failure ??= new Error(`The command "${label}" ${reason}`);
      if (child.pid !== undefined) killGroup(child);
      // Whatever left the group may still hold the pipes; 'close' must not wait for it.
      child.stdout?.destroy();
      child.stderr?.destroy();
    };
    const abort = () => fail('was given up.');
    const timer = setTimeout(() => fail(`took longer than ${timeoutMs} ms and was killed.`), timeoutMs);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();

    child.stdout?.on('data', (chunk: Buffer) => {
      stdoutBytes += chunk.length;
      if (stdoutBytes <= maxOutputBytes) stdout.push(chunk);
      else fail(`wrote more than ${maxOutputBytes} bytes and was killed.`);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr = Buffer.concat([stderr, chunk]).subarray(-STDERR_KEPT_BYTES);
    });
    // A command that ends before it has read all its input is judged by its exit code.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);

    child.once('error', (error) => fail(`could not be started: ${error.message}.`));
    child.once('close', (code, endSignal) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      if (failure !== undefined) reject(failure);
      else resolve({ code, signal: endSignal, stdout: Buffer.concat(stdout), stderr: stderr.toString() });
    });
  });
}

async function endLeftovers(dir: string, log: Log): Promise<void> {
  const files = readdirSync(dir).filter((name) => /^\d+\.json$/.test(name));
  await Promise.all(files.map((name) => endLeftover(path.join(dir, name), log)));
}

async function endLeftover(file: string, log: Log): Promise<void> {
  const record = readRecord(file);
  if (record !== undefined) {
    if (isRunning(record.owner)) return;
    const { pid, label, stop } = record;
    if (isRunning(record)) log.warn({ pid, label }, 'An earlier server left this process behind; ending it.');
    signalIfRunning(record, stop.signal);
    if (!(await isOverWithin(record, stop.killAfterMs))) {
      signalIfRunning(record, 'SIGKILL');
      if (!(await isOverWithin(record, KILLED_WAIT_MS))) {
        log.error({ pid, label }, 'A process that an earlier server left behind cannot be ended.');
        return;
      }
    }
  }
  rmSync(file, { force: true });
}

/** undefined for a record that was cut short by the kill of its writer. */
function readRecord(file: string): ChildRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ChildRecord;
  } catch {
    return undefined;
  }
}

function signalIfRunning(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // It has ended by itself meanwhile, or belongs to another user: the wait that follows tells.
  }
}

async function isOverWithin(identity: ProcessIdentity, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms;
  while (isRunning(identity)) {
    if (Date.now() >= deadline) return false;
    await sleep(LEFTOVER_POLL_MS);
  }
  return true;
}
