/** Independent judges of media files, which must confirm what Flashback wrote. */
import { execFile, execFileSync } from 'node:child_process';
import { accessSync, chmodSync, constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { ALL_FORMATS, FilePathSource, Input } from 'mediabunny';
import { type StrictFacts, walkStrictly } from './boxes-strict.ts';

const run = promisify(execFile);
const requirePackage = createRequire(import.meta.url);
const maxOutput = 64 * 1024 * 1024;

/** The program on PATH, else the one in the installed package (whose binary may lack its execute bit). */
function tool(name: 'ffmpeg' | 'ffprobe'): string {
  try {
    execFileSync(name, ['-version'], { stdio: 'ignore' });
    return name;
  } catch {
    const { path } = requirePackage(`@${name}-installer/${name}`) as { path: string };
    makeExecutable(path);
    return path;
  }
}

function makeExecutable(path: string): void {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    chmodSync(path, 0o755);
  }
}

let found: { ffmpeg: string; ffprobe: string } | undefined;

/** Paths of the ffmpeg and ffprobe that tests use, searched once. */
export function tools(): { ffmpeg: string; ffprobe: string } {
  found ??= { ffmpeg: tool('ffmpeg'), ffprobe: tool('ffprobe') };
  return found;
}

export interface ProbedStream {
  index: number;
  codec_type: 'video' | 'audio';
  codec_name: string;
  codec_tag_string: string;
  profile?: string;
  width?: number;
  height?: number;
  avg_frame_rate: string;
  /** Seconds, as decimal text. */
  start_time: string;
  duration: string;
  nb_frames?: string;
}

export interface Probed {
  streams: ProbedStream[];
  format: { format_name: string; duration: string; start_time: string; size: string };
}

/** ffprobe's description of a file and its streams. */
export async function ffprobe(path: string): Promise<Probed> {
  return (await probe(path, '-show_streams', '-show_format')) as Probed;
}

export interface ProbedPacket {
  stream_index: number;
  /** Seconds, after edit lists. */
  pts: number;
  dts: number;
  size: number;
  isKey: boolean;
  /** Whether players decode the packet without presenting it. */
  isDiscarded: boolean;
}

/** Every packet of a file, in file order, with the times that a player sees. */
export async function packets(path: string): Promise<ProbedPacket[]> {
  const entries = 'packet=stream_index,pts_time,dts_time,size,flags';
  const probed = (await probe(path, '-show_entries', entries)) as { packets: Record<string, string>[] };
  return probed.packets.map((packet) => ({
    stream_index: Number(packet['stream_index']),
    pts: Number(packet['pts_time']),
    dts: Number(packet['dts_time']),
    size: Number(packet['size']),
    isKey: packet['flags']!.includes('K'),
    isDiscarded: packet['flags']!.includes('D'),
  }));
}

async function probe(path: string, ...what: string[]): Promise<unknown> {
  const { stdout } = await run(tools().ffprobe, ['-v', 'error', '-of', 'json', ...what, path], {
    maxBuffer: maxOutput,
  });
  return JSON.parse(stdout);
}

/** Decodes the whole file and returns ffmpeg's error messages, which is empty for a file without faults. */
export async function ffprobeWarnings(path: string): Promise<string> {
  // In the file's own time base: in that of its mean frame rate, two frames could have the same time.
  const decode = ['-v', 'warning', '-i', path, '-enc_time_base', '-1', '-f', 'null', '-'];
  const { stderr } = await run(tools().ffmpeg, decode, {
    maxBuffer: maxOutput,
  });
  return stderr.trim();
}

/** For each stream, in order: its kind (`v` or `a`) and a hash of the bytes of all its packets. */
export async function packetHashes(path: string): Promise<string[]> {
  const copyAll = [
    '-v',
    'error',
    '-i',
    path,
    '-map',
    '0',
    '-c',
    'copy',
    '-f',
    'streamhash',
    '-hash',
    'md5',
    '-',
  ];
  const { stdout } = await run(tools().ffmpeg, copyAll, { maxBuffer: maxOutput });
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.replace(/^\d+,/, ''));
}

/** An MD5 of each packet of a stream (like `a:0`), in order. */
export async function packetDigests(path: string, stream: string): Promise<string[]> {
  const copy = ['-v', 'error', '-i', path, '-map', `0:${stream}`, '-c', 'copy', '-f', 'framehash'];
  const { stdout } = await run(tools().ffmpeg, [...copy, '-hash', 'md5', '-'], { maxBuffer: maxOutput });
  const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => line.split(',').at(-1)!.trim());
}

/**
 * Walks the boxes of a finished MP4 and throws at the first breach of the format; see walkStrictly. A file with unused
 * payload passes only with `mayHaveUnusedPayload`.
 */
export async function strictBoxes(
  path: string,
  { mayHaveUnusedPayload = false, mayStartSlowly = false } = {},
): Promise<StrictFacts> {
  const file = await open(path);
  try {
    return await walkStrictly(file, { mayHaveUnusedPayload, mayStartSlowly });
  } finally {
    await file.close();
  }
}

export interface MediabunnyFacts {
  mimeType: string;
  /** Seconds. */
  firstTimestamp: number;
  duration: number;
  tracks: { type: string; codec: string | null; width?: number; height?: number; packets: number }[];
}

/** The facts of a file by mediabunny, which has its own MP4 reader. */
export async function mediabunnyFacts(path: string): Promise<MediabunnyFacts> {
  const input = new Input({ source: new FilePathSource(path), formats: ALL_FORMATS });
  try {
    const tracks: MediabunnyFacts['tracks'] = [];
    for (const track of await input.getTracks()) {
      const stats = await track.computePacketStats();
      const size = track.isVideoTrack()
        ? { width: await track.getCodedWidth(), height: await track.getCodedHeight() }
        : {};
      tracks.push({
        type: track.type,
        codec: await track.getCodecParameterString(),
        ...size,
        packets: stats.packetCount,
      });
    }
    return {
      mimeType: await input.getMimeType(),
      firstTimestamp: await input.getFirstTimestamp(),
      duration: await input.computeDuration(),
      tracks,
    };
  } finally {
    input.dispose();
  }
}
