import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestContext } from 'vitest';
import { ffmpeg } from '../media/frames.ts';
import { wallMs } from './replay.ts';

/** How long tests wait for anything. */
const patienceMs = 40_000;

export interface Arrival {
  /** When ffmpeg returned the frame. */
  atMs: number;
  mediaSec: number;
}

export interface Reader {
  child: ChildProcess;
  arrivals: Arrival[];
  exited: Promise<{ code: number | null; stderr: string }>;
  /** Lets ffmpeg complete its files. */
  quit(): void;
  kill(): void;
}

interface PlayOptions {
  /** Which ffmpeg. */
  binary?: string;
  transport?: 'tcp' | 'udp';
  /** Files into which all streams are copied. */
  files?: readonly string[];
}

/** ffmpeg as a reader: reports every video frame as it comes, until the test or ffmpeg ends. */
export function play(
  { onTestFinished }: TestContext,
  url: string,
  { binary = ffmpeg, transport = 'tcp', files = [] }: PlayOptions = {},
): Reader {
  const probing = ['-analyzeduration', '1000000', '-probesize', '200000'];
  const input = [
    '-hide_banner',
    '-loglevel',
    'error',
    '-y',
    '-rtsp_transport',
    transport,
    ...probing,
    '-i',
    url,
  ];
  const copies = files.flatMap((file) => ['-map', '0', '-c', 'copy', file]);
  const told = ['-map', '0:v', '-c', 'copy', '-flush_packets', '1', '-f', 'framecrc', 'pipe:1'];
  const child = spawn(binary, [...input, ...copies, ...told], { stdio: ['pipe', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));

  const arrivals: Arrival[] = [];
  let text = '';
  let ticksPerSec = Number.NaN;
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (text + chunk).split('\n');
    text = lines.pop()!;
    for (const line of lines) {
      const timeBase = /^#tb 0: 1\/(\d+)/.exec(line);
      if (timeBase) ticksPerSec = Number(timeBase[1]);
      const pts = /^0,\s*-?\d+,\s*(-?\d+),/.exec(line);
      if (pts) arrivals.push({ atMs: wallMs(), mediaSec: Number(pts[1]) / ticksPerSec });
    }
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  child.stdin.on('error', () => {});
  const exited = once(child, 'close').then(([code]) => ({ code, stderr }));
  return { child, arrivals, exited, quit: () => child.stdin.write('q'), kill: () => child.kill('SIGKILL') };
}

/** Records all streams of `url` into `file` until enough frames have arrived, then lets ffmpeg complete it. */
export async function recordUntil(
  context: TestContext,
  url: string,
  file: string,
  isEnough: (arrivals: readonly Arrival[]) => boolean,
): Promise<{ file: string; arrivals: Arrival[] }> {
  const reader = play(context, url, { files: [file] });
  await until(() => reader.child.exitCode !== null || isEnough(reader.arrivals), 'enough frames arrive');
  reader.quit();
  const { stderr } = await reader.exited;
  if (!isEnough(reader.arrivals)) throw new Error(`ffmpeg gave up: ${stderr}`);
  return { file, arrivals: reader.arrivals };
}

/** The status of the answer to one request without a password. */
export async function ask(url: string, method: string): Promise<number> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  try {
    socket.write(`${method} ${url} RTSP/1.0\r\nCSeq: 1\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return Number(/^RTSP\/1\.0 (\d+) /.exec(answer.toString())?.[1]);
  } finally {
    socket.destroy();
  }
}

/** ffmpeg's description of a file's streams. */
export async function describeFile(file: string): Promise<string> {
  const { stderr } = await runFfmpeg(['-i', file, '-map', '0', '-c', 'copy', '-f', 'null', '-']);
  return stderr;
}

export async function runFfmpeg(args: readonly string[]): Promise<{ stderr: string }> {
  const child = spawn(ffmpeg, ['-hide_banner', '-nostdin', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}: ${stderr}`);
  return { stderr };
}

/** A condition that asks a server is asked less often, because each request takes processor time from the tests beside. */
const pollMs = { here: 10, elsewhere: 50 };

/** Polls until it is true. Throws an error with `what` if that takes too long. */
export async function until(isTrue: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = wallMs() + patienceMs;
  for (;;) {
    const answer = isTrue();
    if (await answer) return;
    if (wallMs() > deadline) throw new Error(`Waited in vain until ${what}.`);
    await sleep(typeof answer === 'boolean' ? pollMs.here : pollMs.elsewhere);
  }
}
