// The processes of a server, found in its records of children and in /proc.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export type Kind = 'ffmpeg' | 'launcher' | 'postgres';

/** The children that run now. */
export function childPids(dataDir: string, kind: Kind): number[] {
  // Children of the launcher (pictures) are in the launcher's own records.
  if (kind === 'ffmpeg') return book(path.join(dataDir, 'launcher')).map(({ pid }) => pid);
  const own = book(path.join(dataDir, 'children'));
  return own.filter(({ label }) => label === kind).map(({ pid }) => pid);
}

function book(dir: string): { pid: number; label: string }[] {
  return namesIn(dir).flatMap((name) => {
    try {
      return [JSON.parse(readFileSync(path.join(dir, name), 'utf8'))];
    } catch {
      return []; // being written or removed now
    }
  });
}

/** The process and all its descendants. */
export function withDescendants(pid: number): number[] {
  const parents = namesIn('/proc').flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      // proc_pid_stat(5): the name in parentheses, then the state and the parent.
      return [{ pid: Number(name), parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) }];
    } catch {
      return [];
    }
  });
  const of = (parent: number): number[] => [
    parent,
    ...parents.filter((it) => it.parent === parent).flatMap((it) => of(it.pid)),
  ];
  return of(pid);
}

/** @returns how many of them got the signal */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): number {
  return pids.filter((pid) => {
    try {
      return process.kill(pid, signal);
    } catch {
      return false;
    }
  }).length;
}

/** Processes whose command line contains one of these folders or addresses. */
export function processesAbout(texts: readonly string[]): string[] {
  const pids = namesIn('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      return command && texts.some((text) => command.includes(text)) ? [`${pid}: ${command}`] : [];
    } catch {
      return [];
    }
  });
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return []; // the launcher has not started a process yet
  }
}
