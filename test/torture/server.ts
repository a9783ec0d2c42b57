// The server as users run it: a process of its own, which can be killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const root = path.join(import.meta.dirname, '../..');

export interface Server {
  readonly url: string;
  readonly pid: number;
  /** When it said that it is ready, in epoch milliseconds. */
  readonly readyAt: number;
  readonly isAlive: boolean;
  /** Kills the processes of that kind, at once and without a word. @returns how many there were */
  kill(victim: 'server' | 'ffmpeg' | 'postgres'): number;
  /** Resolves when the server's process is over. */
  over(): Promise<void>;
  /** SIGTERM, as a service manager does it. @returns milliseconds until it was over */
  stop(): Promise<number>;
  /** Its last lines, for the report of a breach. */
  lastWords(): string;
}

/** Runs a program of the project from its sources. */
export function runSource(file: string, args: readonly string[], env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', path.join(root, file), ...args], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Starts the server and waits until it is ready. Rejects with its last words when it ends instead. */
export async function startServer(env: Record<string, string>): Promise<Server> {
  const child = runSource('src/main.ts', [], env);
  const lines: string[] = [];
  const ended = once(child, 'exit');
  const keep = (line: string) => {
    lines.push(line);
    if (lines.length > 400) lines.shift();
  };
  createInterface({ input: child.stderr! }).on('line', keep);
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      keep(line);
      const found = /"url":"(http[^"]+)".*"msg":"ready"/.exec(line);
      if (found) resolve(found[1]!);
    });
    ended.then(() => reject(new Error(`The server did not start:\n${lines.slice(-20).join('\n')}`)));
  });
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  return {
    url,
    pid: child.pid!,
    readyAt: Date.now(),
    get isAlive() {
      return isAlive();
    },
    kill(victim) {
      const pids = victim === 'server' ? [child.pid!] : childPids(env.DATA_DIR!, victim);
      return pids.filter(killNow).length;
    },
    async over() {
      await ended;
    },
    async stop() {
      const asked = Date.now();
      child.kill('SIGTERM');
      await ended;
      return Date.now() - asked;
    },
    lastWords: () => lines.slice(-60).join('\n'),
  };
}

/** From the server's own book of child processes. */
function childPids(dataDir: string, kind: 'ffmpeg' | 'postgres'): number[] {
  const book = path.join(dataDir, 'children');
  return readdirSync(book).flatMap((name) => {
    try {
      const { pid, label } = JSON.parse(readFileSync(path.join(book, name), 'utf8'));
      const isPostgres = label === 'postgres';
      const isWatchdog = label === 'database watchdog';
      return isWatchdog || isPostgres !== (kind === 'postgres') ? [] : [pid as number];
    } catch {
      return []; // being written or removed right now
    }
  });
}

function killNow(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** Processes whose command line or working directory speaks of this folder or address. */
export function processesAbout(texts: readonly string[]): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      return command && texts.some((text) => command.includes(text)) ? [`${pid}: ${command}`] : [];
    } catch {
      return [];
    }
  });
}
