// Only this file starts processes. Each process is recorded in a file; if the server is killed, its next start ends
// the processes that the files name. A process is identified by its pid and start time, never by its name.
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.ts';
import { makePrivateFolder, privateFileMode } from '../private-folder.ts';

export type { ChildProcess };

/** Identifies one process. The kernel gives a pid to another process later, but never with the same start time. */
export interface ProcessIdentity {
  pid: number;
  startTime: string;
}

/** The signal that asks a process to end, and how long the process may take before it is killed. */
export interface StopPolicy {
  signal: NodeJS.Signals;
  killAfterMs: number;
}

export interface ChildOptions extends Pick<SpawnOptions, 'cwd' | 'env' | 'stdio' | 'serialization'> {
  /** How to end the process. Default: SIGTERM, killed after 2 s. */
  stop?: StopPolicy;
}

export interface RunOptions extends Pick<SpawnOptions, 'cwd' | 'env'> {
  /** Written to stdin, which is then closed. */
  input?: Buffer;
  timeoutMs: number;
  /** The limit for stdout: more is an error. Of stderr, the last 64 KiB are kept. */
  maxOutputBytes: number;
  /** From 0 to 19: the higher, the less processor time the command gets while others want it. Default: 0. */
  niceness?: number;
  signal?: AbortSignal;
}

export interface RunResult {
  /** null when a signal ended the process. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: Buffer;
  stderr: string;
}

export interface Children {
  /**
   * Starts `file` with exactly these arguments, without a shell. The child gets a process group of its own, so that
   * Ctrl-C in the terminal reaches only the server, which then ends its children in order. Its environment is `env`, or
   * else a few harmless variables of the server's environment. As with node:child_process, a file that cannot be
   * started is reported by the child's 'error' event. Throws once `close` has been called.
   */
  spawn(label: string, file: string, args: readonly string[], options?: ChildOptions): ChildProcess;
  /**
   * Runs a short command to its end; resolves whatever the exit code. Rejects, once the process has ended, when the
   * command cannot be started, takes longer than `timeoutMs`, writes too much, or `signal` is aborted.
   */
  run(label: string, file: string, args: readonly string[], options: RunOptions): Promise<RunResult>;
  /** Asks a child to end, kills it if it does not, and resolves once it has ended. */
  end(child: ChildProcess): Promise<void>;
  /** Ends all children and resolves once all have ended. */
  close(): Promise<void>;
}

interface ChildRecord extends ProcessIdentity {
  label: string;
  stop: StopPolicy;
  /** The server that started the child. While this server runs, no other server may end the child. */
  owner: ProcessIdentity;
}

/** A child needs only these variables: they locate programs and libraries, and set locale and time zone. */
const inheritedVariables = ['PATH', 'LD_LIBRARY_PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'LC_ALL'];

const defaultStop: StopPolicy = { signal: 'SIGTERM', killAfterMs: 2_000 };
const stderrKeptBytes = 64 * 1024;
const leftoverPollMs = 20;
/** A killed process that still exists after this time is stuck in the kernel, so nobody waits for it any longer. */
const killedWaitMs = 5_000;

/** The process that runs under `pid` now; undefined when there is none, or only a zombie. */
export function identify(pid: number): ProcessIdentity | undefined {
  const startTime = process.platform === 'linux' ? linuxStartTime(pid) : psStartTime(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startTime === identity.startTime;
}

function self(): ProcessIdentity {
  const identity = identify(process.pid);
  if (identity === undefined) throw new Error('The start time of this process cannot be read.');
  return identity;
}

/** proc_pid_stat(5): field 3 is the state, field 22 the start in clock ticks since the boot. */
function linuxStartTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Field 2 is the name in parentheses. The name may contain spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${boot}+${fields[19]}`;
  } catch {
    // There is no such process, or no /proc.
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
 * Records child processes in `dir`, one file for each. First ends the processes that a killed server left running.
 * Children of other running servers are left alone, whether their records are in `dir` or elsewhere.
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
    const { stop = defaultStop, ...spawnOptions } = options;
    const env = spawnOptions.env ?? environmentForChildren();
    const child = spawn(file, args, { ...spawnOptions, env, shell: false, detached: true });
    if (child.pid === undefined) return child;

    running.set(child, stop);
    const record = path.join(dir, `${child.pid}.json`);
    child.once('exit', () => {
      running.delete(child);
      updateRecord(label, () => rmSync(record, { force: true }));
    });
    const identity = identify(child.pid);
    if (identity !== undefined) {
      const text = JSON.stringify({ ...identity, label, stop, owner } satisfies ChildRecord);
      updateRecord(label, () => writeFileSync(record, text, { mode: privateFileMode }));
    }
    return child;
  }

  /**
   * Ignores errors: a full disk must not fail the start or the end of a process. This server ends its children even
   * without the records.
   */
  function updateRecord(label: string, update: () => void): void {
    try {
      update();
    } catch (error) {
      log.warn({ label, error }, 'the record of a child process cannot be updated');
    }
  }

  async function end(child: ChildProcess): Promise<void> {
    const stop = running.get(child);
    if (stop === undefined) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(stop.signal);
    const killer = setTimeout(() => killGroup(child), stop.killAfterMs);
    await ended;
    clearTimeout(killer);
  }

  return {
    spawn: start,
    end,
    run: async (label, file, args, options) => {
      const child = start(label, file, args, { ...pick(options), stdio: ['pipe', 'pipe', 'pipe'] });
      if (options.niceness && child.pid !== undefined) lowerPriority(child.pid, options.niceness);
      return collect(child, label, options);
    },
    close: async () => {
      closing = true;
      await Promise.all([...running.keys()].map(end));
    },
  };
}

/** The server's environment without its secrets, such as API_KEYS and the bucket's credentials. */
function environmentForChildren(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    inheritedVariables.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])),
  );
}

function pick({ cwd, env }: RunOptions): ChildOptions {
  return { ...(cwd === undefined ? {} : { cwd }), ...(env === undefined ? {} : { env }) };
}

function lowerPriority(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
  } catch {
    // The process has ended already.
  }
}

/** Kills the child's whole process group. The pid cannot belong to another group before the child's 'exit' event. */
function killGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // The group has ended already.
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
      // A process that has left the group may still hold the pipes open, and 'close' would wait for that process.
      child.stdout?.destroy();
      child.stderr?.destroy();
    };
    const abort = () => fail('was aborted.');
    const timer = setTimeout(() => fail(`took longer than ${timeoutMs} ms and was killed.`), timeoutMs);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();

    child.stdout?.on('data', (chunk: Buffer) => {
      stdoutBytes += chunk.length;
      if (stdoutBytes <= maxOutputBytes) stdout.push(chunk);
      else fail(`wrote more than ${maxOutputBytes} bytes and was killed.`);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr = Buffer.concat([stderr, chunk]).subarray(-stderrKeptBytes);
    });
    // EPIPE means that the command ended before it had read all its input. Its exit code says whether that is a
    // failure.
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
    if (isRunning(record)) log.warn({ pid, label }, 'an earlier server left this process running; ending it');
    signalIfRunning(record, stop.signal);
    if (!(await isOverWithin(record, stop.killAfterMs))) {
      signalIfRunning(record, 'SIGKILL');
      if (!(await isOverWithin(record, killedWaitMs))) {
        log.error({ pid, label }, 'a process that an earlier server left running cannot be ended');
        return;
      }
    }
  }
  rmSync(file, { force: true });
}

/** @returns undefined for a record that is incomplete because its writer was killed */
function readRecord(file: string): ChildRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ChildRecord;
  } catch {
    // Another server that was starting has removed the record, or its writer was killed before it had written it.
    return undefined;
  }
}

function signalIfRunning(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // The process has just ended, or belongs to another user. The caller waits for its end, and sees which it was.
  }
}

async function isOverWithin(identity: ProcessIdentity, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms;
  while (isRunning(identity)) {
    if (Date.now() >= deadline) return false;
    await sleep(leftoverPollMs);
  }
  return true;
}
