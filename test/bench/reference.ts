// The reference pipeline: one ffmpeg per event, started at the event, ended with SIGINT. Its file is read after that.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ffmpeg } from '../support/media/frames.ts';

export interface ReferenceRecording {
  readonly file: string;
  /** How much is recorded so far, in seconds, as ffmpeg reports it. @throws Error if ffmpeg has ended */
  recordedSec(): number;
  /** @returns the time until the file was complete, and until it was read as well, in milliseconds */
  end(): Promise<{ finishedMs: number; readMs: number }>;
}

export function startReference(url: string, file: string): ReferenceRecording {
  const input = ['-rtsp_transport', 'tcp', '-i', url];
  const output = ['-c:v', 'copy', '-c:a', 'aac', '-f', 'mp4', '-movflags', '+faststart', '-y', file];
  const told = ['-loglevel', 'error', '-progress', 'pipe:1', '-stats_period', '0.2'];
  const child = spawn(ffmpeg, [...told, ...input, ...output], { stdio: ['ignore', 'pipe', 'ignore'] });
  let recordedSec = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    const [, us] = /out_time_us=(\d+)\n(?![\s\S]*out_time_us=\d)/.exec(chunk.toString()) ?? [];
    if (us) recordedSec = Number(us) / 1e6;
  });
  return {
    file,
    recordedSec() {
      if (child.exitCode !== null) throw new Error('The reference pipeline has ended by itself.');
      return recordedSec;
    },
    async end() {
      const before = performance.now();
      child.kill('SIGINT');
      if (child.exitCode === null) await once(child, 'exit');
      const finishedMs = performance.now() - before;
      await readThrough(file);
      return { finishedMs, readMs: performance.now() - before };
    },
  };
}

/** Resolves when that much is recorded. */
export async function untilRecorded(reference: ReferenceRecording, seconds: number): Promise<void> {
  while (reference.recordedSec() < seconds) await sleep(50);
}

/** One for each of these streams, as for events at the same time. */
export function startReferences(urls: readonly string[], dir: string): ReferenceRecording[] {
  return urls.map((url, i) => startReference(url, path.join(dir, `reference-${i}.mp4`)));
}

/** If it made no file, there is nothing to read. */
async function readThrough(file: string): Promise<void> {
  try {
    for await (const _ of createReadStream(file, { highWaterMark: 1 << 20 }));
  } catch {}
}
