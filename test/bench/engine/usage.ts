// The cost of a server and its ffmpegs, from /proc. Linux only.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Usage {
  /** Percent of one core. */
  readonly node: number;
  readonly ffmpeg: number;
  /** The cost of the database, which is counted separately. */
  readonly database: number;
  /** Proportional set size, in MiB: memory that processes share is counted once. */
  readonly nodeMib: number;
  readonly ffmpegMib: number;
}

interface Process {
  readonly pid: number;
  readonly name: string;
  readonly parent: number;
}

interface Measured extends Process {
  /** Processor time so far. */
  readonly ms: number;
}

/** The cost of that server during the next so many seconds. */
export async function usageOver(seconds: number, serverPid: number): Promise<Usage> {
  const before = familyOf(serverPid);
  const startedAt = performance.now();
  await sleep(seconds * 1_000);
  const after = familyOf(serverPid);
  const elapsedSec = (performance.now() - startedAt) / 1_000;
  const share = (processes: Measured[]) => {
    const ms = processes.map(({ pid, ms }) => ms - (before.find((p) => p.pid === pid)?.ms ?? 0));
    return (sum(ms) / 1_000 / elapsedSec) * 100;
  };
  const { name: server } = after.find(({ pid }) => pid === serverPid)!;
  const node = after.filter(({ name }) => name === server);
  const ffmpeg = after.filter(({ name }) => name === 'ffmpeg');
  const database = after.filter(({ name }) => name === 'postgres');
  return {
    node: share(node),
    ffmpeg: share(ffmpeg),
    database: share(database),
    nodeMib: sum(node.map(pssMib)),
    ffmpegMib: sum(ffmpeg.map(pssMib)),
  };
}

/** The process and all its descendants. */
function familyOf(root: number): Measured[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
  const family = all.filter(({ pid }) => pid === root);
  for (const member of family) family.push(...all.filter(({ parent }) => parent === member.pid));
  return family.map((member) => ({ ...member, ms: cpuMs(member.pid) }));
}

/**
 * The scheduler's own count, in nanoseconds. The ticks of 10 ms in proc_pid_stat(5) are too coarse for the cost of ten
 * events at a camera.
 */
function cpuMs(pid: number): number {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    const ns = tasks.map((task) =>
      Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]),
    );
    return sum(ns) / 1e6;
  } catch {
    return 0; // the process has just ended
  }
}

/** proc_pid_stat(5): the name in parentheses, then the fields from 3 on; field 4 is the parent. */
function readProcess(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return { pid, name, parent: fields[1]! };
  } catch {
    return undefined;
  }
}

function pssMib({ pid }: Process): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  return Number(/^Pss:\s+(\d+)/m.exec(text)![1]) / 1_024;
}

export const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
