/** RTP of every kind that ffmpeg sends, ffmpeg's own recording of it, and the receiver's output. */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { framesIn } from '../../../src/demo/rtsp/interleaved.ts';
import { parseTracks } from '../../../src/demo/rtsp/sdp.ts';
import { RtspServer } from '../../../src/demo/rtsp/server.ts';
import { FootageMemory, viewsOf } from '../../../src/footage/memory.ts';
import type { AccessUnit } from '../../../src/footage/unit.ts';
import { createReceiver, type Receiver, type ReceiverOptions } from '../../../src/rtp/receiver.ts';
import { frameHeaderBytes } from '../../../src/rtsp/framer.ts';
import { parseSdp, type SdpTrack } from '../../../src/rtsp/sdp.ts';
import { tools } from '../media/judges.ts';

export interface Recording {
  readonly sdp: string;
  readonly tracks: readonly SdpTrack[];
  /** Interleaved frames, RTP and RTCP, in sending order. */
  readonly frames: readonly Buffer[];
}

/** The output of `ffmpeg ARGUMENTS -f rtsp`, as fast as ffmpeg can send it. */
export async function recordRtp(args: string): Promise<Recording> {
  const frames: Buffer[] = [];
  let sdp = '';
  const server = new RtspServer({
    onPublish: (stream) => {
      sdp = stream.sdp;
      stream.join({ send: (bytes) => void frames.push(...framesIn(Buffer.from(bytes))), end: () => {} });
    },
  });
  await server.listen();
  try {
    await runFfmpeg(`-v error ${args} -f rtsp -rtsp_transport tcp ${server.url('recording')}`);
  } finally {
    await server.close();
  }
  return { sdp, tracks: parseSdp(sdp).tracks, frames };
}

export interface CopiedSample {
  readonly bytes: Buffer;
  readonly isSync: boolean;
}

/** The samples that `ffmpeg -c copy` writes from a recording, track by track. */
export async function copiedSamples(recording: Recording): Promise<CopiedSample[][]> {
  const { sdp, frames } = recording;
  const server = new RtspServer();
  await server.listen();
  const folder = await mkdtemp(path.join(tmpdir(), 'flashback-copied-'));
  try {
    server.mount('recording', {
      sdp,
      tracks: parseTracks(sdp),
      join: (sink) => {
        for (const frame of frames) sink.send(frame);
        sink.end();
      },
      leave: () => {},
    });
    const file = path.join(folder, 'copied.mp4');
    await runFfmpeg(`-v error -rtsp_transport tcp -i ${server.url('recording')} -map 0 -c copy ${file}`);
    return await samplesOf(file, parseTracks(sdp).length);
  } finally {
    await server.close();
    await rm(folder, { recursive: true });
  }
}

/** The samples of an MP4 with this many tracks, track by track. */
export async function samplesOf(file: string, tracks: number): Promise<CopiedSample[][]> {
  const shown = ['-v', 'error', '-show_packets', '-of', 'json', file];
  const { stdout } = await promisify(execFile)(tools().ffprobe, shown, { maxBuffer: 2 ** 26 });
  const { packets } = JSON.parse(stdout) as {
    packets: { stream_index: number; flags: string; pos: string; size: string }[];
  };
  const bytes = await readFile(file);
  return Array.from({ length: tracks }, (_, index) =>
    packets
      .filter(({ stream_index }) => stream_index === index)
      .map(({ flags, pos, size }) => ({
        bytes: bytes.subarray(Number(pos), Number(pos) + Number(size)),
        isSync: flags.startsWith('K'),
      })),
  );
}

async function runFfmpeg(line: string): Promise<void> {
  const child = spawn(tools().ffmpeg, line.split(' ').filter(Boolean), {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}: ${said}`);
}

/** An access unit, copied out of shared memory. */
export interface ReceivedUnit extends Omit<AccessUnit, 'footage'> {
  readonly bytes: Buffer;
}

export interface Listener {
  readonly receiver: Receiver;
  readonly units: ReceivedUnit[];
  readonly reports: { ntpMs: number; timestamp: number; arrivedAt: number }[];
}

const videoTrack = { encoding: 'H264', payloadType: 96, clockRate: 90_000, channels: 1, fmtp: new Map() };

/** A receiver with a list of its output. */
export function listen(options: Partial<ReceiverOptions> = {}): Listener {
  const units: ReceivedUnit[] = [];
  const reports: Listener['reports'] = [];
  const receiver = createReceiver({
    ...videoTrack,
    memory: new FootageMemory(),
    isDatagram: false,
    ...options,
    onUnit: ({ footage, ...unit }) => {
      units.push({ ...unit, bytes: Buffer.concat(viewsOf([footage])) });
      footage.release();
    },
    onSenderReport: (ntpMs, timestamp, arrivedAt) => reports.push({ ntpMs, timestamp, arrivedAt }),
  });
  if ('unsupported' in receiver) throw new Error(receiver.unsupported);
  return { receiver, units, reports };
}

/** All units that a receiver per track returns for a recording. One packet arrives each millisecond. */
export function receive(recording: Recording): ReceivedUnit[][] {
  const listeners = recording.tracks.map((track) => listen(track));
  recording.frames.forEach((frame, at) => {
    const { receiver } = listeners[frame[1]! >> 1]!;
    if (frame[1]! % 2 === 0) receiver.push(frame, frameHeaderBytes, frame.length, at);
    else receiver.pushControl(frame, frameHeaderBytes, frame.length, at);
  });
  for (const { receiver } of listeners) receiver.close();
  return listeners.map(({ units }) => units);
}

/** The RTP packets of a recording's track, without their frames. */
export function packetsOf({ frames }: Recording, track: number): Buffer[] {
  return frames.filter((frame) => frame[1] === track * 2).map((frame) => frame.subarray(frameHeaderBytes));
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export interface PacketFields {
  readonly payload: Buffer | string;
  readonly sequence?: number;
  readonly timestamp?: number;
  readonly isMarked?: boolean;
  readonly ssrc?: number;
  readonly payloadType?: number;
}

/** An RTP packet. A payload given as text is hexadecimal. */
export function rtpPacket(fields: PacketFields): Buffer {
  const { payload, sequence = 0, timestamp = 0, isMarked = false, ssrc = 1, payloadType = 96 } = fields;
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header[1] = (isMarked ? 0x80 : 0) | payloadType;
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE(timestamp >>> 0, 4);
  header.writeUInt32BE(ssrc, 8);
  return Buffer.concat([
    header,
    typeof payload === 'string' ? Buffer.from(payload.replaceAll(' ', ''), 'hex') : payload,
  ]);
}

/** The NAL units of an access unit. */
export function nalUnitsOf(bytes: Buffer): Buffer[] {
  const units: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    units.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return units;
}

/**
 * A sample without the zero byte that ffmpeg's H.265 parser leaves after each picture, which belongs to the next start
 * code.
 */
export function withoutLastZero(sample: Buffer): Buffer {
  const nals = nalUnitsOf(sample);
  const last = nals.at(-1)!;
  if (last.at(-1) !== 0) return sample;
  const whole = Buffer.from(sample.subarray(0, -1));
  whole.writeUInt32BE(last.length - 1, sample.length - last.length - 4);
  return whole;
}
