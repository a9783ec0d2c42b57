import { readdir, readFile } from 'node:fs/promises';

const ticksPerSec = 100;

/** Processor time of a process, of its children, and of those of them that have ended, in seconds. */
export async function processorSecOf(parent: number): Promise<number> {
  let ticks = 0;
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => ''); // it has ended
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(fields[1]) === parent) ticks += Number(fields[11]) + Number(fields[12]);
    if (Number(entry) === parent) for (const at of [11, 12, 13, 14]) ticks += Number(fields[at]);
  }
  return ticks / ticksPerSec;
}
