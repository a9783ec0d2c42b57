import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { LRUCache } from 'lru-cache';
import { counterLimit } from '../../../src/demo/counter-strip.ts';
import { createPicture } from '../../../src/demo/picture.ts';
import { framesIn } from '../../../src/demo/rtsp/interleaved.ts';
import { parseTracks, type SdpTrack } from '../../../src/demo/rtsp/sdp.ts';
import { RtspServer } from '../../../src/demo/rtsp/server.ts';
import { frameHeaderBytes } from '../../../src/rtsp/framer.ts';
import { ffmpeg } from '../media/frames.ts';

export interface CaptureParameters {
  codec: 'h264' | 'h265';
  audio: 'none' | 'aac' | 'pcma' | 'pcmu' | 'opus';
  /** Seconds from one keyframe to the next. */
  gopSec: number;
  fps: number;
  width: number;
  height: number;
  /** Samples of sound per second (AAC only). */
  audioRate: number;
  /** Length of the loop: a whole number of GOPs and of audio frames (for AAC at 16 kHz, a multiple of 8). */
  seconds: number;
  /** The sound does not fit the loop (AAC at 44.1 kHz fits one of 256 s), so the loop must be played once only. */
  hasSeam: boolean;
  bFrames: boolean;
  /** In every other second, only each fifth picture is sent. */
  variableRate: boolean;
  /**
   * After each second of pictures, none are sent for this many seconds. The number of pictures between keyframes is
   * unchanged.
   */
  pauseSec: number;
  /** No keyframes but the first: in each `gopSec`, all parts of the picture are refreshed in turn (H.264 only). */
  intraRefresh?: boolean;
  /** Constant bit rate of the video (H.264 only), with filler data if the picture needs less. */
  kbps?: number;
}

/** One RTP packet of a capture. */
export interface CapturedPacket {
  /** The beginning and the end of its interleaved frame in the bytes of the capture. */
  start: number;
  end: number;
  track: number;
  /** Seconds from the start of the loop, by its RTP timestamp. */
  mediaSec: number;
  /** Seconds from the start of the loop at which a live camera would send it. */
  dueSec: number;
}

/** What a camera sends in one loop: real RTP, made by ffmpeg, of pictures that contain their number. */
export interface Capture {
  parameters: CaptureParameters;
  sdp: string;
  tracks: readonly SdpTrack[];
  bytes: Buffer;
  /** In the order of `dueSec`. */
  packets: readonly CapturedPacket[];
  /** By counter: when the frame's last packet is due, in seconds from the start of the loop. */
  frameDueSec: readonly number[];
}

const defaults: CaptureParameters = {
  codec: 'h264',
  audio: 'none',
  gopSec: 2,
  fps: 15,
  width: 320,
  height: 180,
  audioRate: 16_000,
  seconds: 64,
  hasSeam: false,
  bFrames: false,
  variableRate: false,
  pauseSec: 0,
};

/** Samples per packet of ISO/IEC 14496-3 AAC-LC; Opus and G.711 packets divide a second. */
const aacFrameSamples = 1024;

const root = path.join(import.meta.dirname, '../../..');
const cacheDir = path.join(root, 'node_modules/.cache/flashback-captures');
/** Source files: a change in one of them may change what a capture contains. */
const ingredients = ['src/demo/picture.ts', 'src/demo/counter-strip.ts', 'test/support/camera/captures.ts'];

/** A process runs many test files, which use many captures of up to 100 MB. */
const loaded = new LRUCache<string, Promise<Capture>>({ max: 4 });

/**
 * A capture with these parameters (see defaults for the rest). ffmpeg makes it unless it is in the cache on disk.
 * Rejects if the parameters do not make a seamless loop.
 */
export async function capture(parameters: Partial<CaptureParameters> = {}): Promise<Capture> {
  const whole = { ...defaults, ...parameters };
  checkLoop(whole);
  const key = JSON.stringify(Object.entries(whole).sort());
  const capturing = loaded.get(key) ?? loadOrMake(key, whole);
  loaded.set(key, capturing);
  return capturing;
}

function checkLoop(parameters: CaptureParameters): void {
  const { seconds, gopSec, audio, audioRate, hasSeam } = parameters;
  const audioFrames = audio === 'aac' ? (seconds * audioRate) / aacFrameSamples : seconds;
  const fitsSound = hasSeam || Number.isInteger(audioFrames);
  if (picturesIn(seconds, parameters) % picturesIn(gopSec, parameters) !== 0 || !fitsSound) {
    throw new Error(
      `A loop of ${seconds} s is not a whole number of ${gopSec} s GOPs and ${audio} audio frames.`,
    );
  }
  if (picturesIn(seconds, parameters) > counterLimit)
    throw new Error(`A loop of ${seconds} s has more frames than the counter.`);
}

/** @throws RangeError if that is not a whole number, apart from the rounding of rates like 30000 / 1001 */
function picturesIn(seconds: number, { fps }: CaptureParameters): number {
  const count = Math.round(seconds * fps);
  if (Math.abs(count - seconds * fps) > 1e-6)
    throw new RangeError(`At ${fps} pictures a second, ${seconds} s are no whole number of them.`);
  return count;
}

async function loadOrMake(key: string, parameters: CaptureParameters): Promise<Capture> {
  const hash = createHash('sha256').update(key);
  for (const ingredient of ingredients) hash.update(await readFile(path.join(root, ingredient)));
  const file = path.join(cacheDir, `${hash.digest('hex').slice(0, 24)}.rtp`);
  const cached = await readFile(file).catch(() => undefined);
  if (cached !== undefined) return parse(cached, parameters);

  const made = await make(parameters);
  await mkdir(cacheDir, { recursive: true });
  const temporary = `${file}.${randomUUID()}`;
  await writeFile(temporary, made);
  await rename(temporary, file);
  return parse(made, parameters);
}

/** Lets ffmpeg publish as fast as it can. The file has the length of the SDP, the SDP, and the interleaved frames. */
async function make(parameters: CaptureParameters): Promise<Buffer> {
  const frames: Buffer[] = [];
  let sdp = '';
  let onEnd = () => {};
  const ended = new Promise<void>((resolve) => {
    onEnd = resolve;
  });
  const server = new RtspServer({
    onPublish: (stream) => {
      sdp = stream.sdp;
      stream.join({ send: (bytes) => frames.push(bytes), end: onEnd });
    },
  });
  await server.listen();
  try {
    await publish(parameters, server.url('capture'));
    await ended;
  } finally {
    await server.close();
  }
  const head = Buffer.alloc(4);
  head.writeUInt32BE(Buffer.byteLength(sdp));
  return Buffer.concat([head, Buffer.from(sdp), ...frames]);
}

async function publish(parameters: CaptureParameters, url: string): Promise<void> {
  const child = spawn(ffmpeg, encoderArguments(parameters, url), { stdio: ['pipe', 'ignore', 'pipe'] });
  const errors: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  // If ffmpeg dies early, its exit code and output say more than the broken pipe.
  child.stdin.on('error', () => {});
  const closed = once(child, 'close');
  await Promise.race([writePictures(parameters, child.stdin), closed]);
  const [code] = await closed;
  if (code !== 0) throw new Error(`ffmpeg could not make a capture (${code}): ${Buffer.concat(errors)}`);
}

async function writePictures(parameters: CaptureParameters, into: Writable): Promise<void> {
  const { fps, width, height, seconds } = parameters;
  const draw = createPicture(width, height);
  const firstMs = Date.UTC(2026, 0, 1);
  for (let frame = 0; frame < picturesIn(seconds, parameters); frame++) {
    const hasRoom = into.write(draw(frame, new Date(firstMs + (frame * 1000) / fps)));
    if (!hasRoom) await once(into, 'drain');
  }
  into.end();
}

function encoderArguments(parameters: CaptureParameters, url: string): string[] {
  const { fps, width, height, seconds, audio, audioRate } = parameters;
  const size = `${width}x${height}`;
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', size, '-r', `${fps}`, '-i', 'pipe:0'];
  const tone = ['-f', 'lavfi', '-i', `sine=frequency=440:beep_factor=4:sample_rate=${audioRate}`];
  return [
    ...['-hide_banner', '-loglevel', 'error', ...raw],
    ...(audio === 'none' ? [] : tone),
    ...['-t', `${seconds}`, ...videoArguments(parameters), ...audioArguments(audio)],
    ...thinned(parameters),
    // One AAC frame per packet, as cameras send it. By default the muxer collects 0.7 s.
    ...['-muxdelay', '0.06', '-f', 'rtsp', '-rtsp_transport', 'tcp', url],
  ];
}

/** Leaves out pictures without changing the times of the others. */
function thinned({ fps, variableRate, pauseSec }: CaptureParameters): string[] {
  if (!variableRate && pauseSec === 0) return [];
  const isInFirstOf = (seconds: number) => `lt(mod(n\\,${seconds * fps})\\,${fps})`;
  const select = variableRate ? `${isInFirstOf(2)}+not(mod(n\\,5))` : isInFirstOf(1 + pauseSec);
  return ['-vf', `select=${select}`, '-vsync', 'vfr'];
}

function videoArguments(parameters: CaptureParameters): string[] {
  const { codec, gopSec, bFrames, intraRefresh, kbps } = parameters;
  const gop = picturesIn(gopSec, parameters);
  const common = ['-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
  // Cameras repeat the parameter sets before every keyframe. ffmpeg's publisher does not by default.
  const shared = `keyint=${gop}:min-keyint=${gop}:scenecut=0:bframes=${bFrames ? 2 : 0}:repeat-headers=1`;
  if (codec === 'h265') {
    return ['-c:v', 'libx265', ...common, '-x265-params', `${shared}:open-gop=0:log-level=error`];
  }
  const rate =
    kbps === undefined ? '' : `:nal-hrd=cbr:bitrate=${kbps}:vbv-maxrate=${kbps}:vbv-bufsize=${kbps}`;
  const refresh = intraRefresh ? ':intra-refresh=1' : '';
  return ['-c:v', 'libx264', ...common, '-x264-params', `${shared}${refresh}${rate}`];
}

function audioArguments(audio: CaptureParameters['audio']): string[] {
  switch (audio) {
    case 'none':
      return [];
    case 'aac':
      return ['-c:a', 'aac', '-b:a', '48k', '-ac', '1'];
    case 'opus':
      return ['-c:a', 'libopus', '-b:a', '32k', '-ar', '48000', '-ac', '1'];
    case 'pcma':
      return ['-c:a', 'pcm_alaw', '-ar', '8000', '-ac', '1'];
    case 'pcmu':
      return ['-c:a', 'pcm_mulaw', '-ar', '8000', '-ac', '1'];
  }
}

function parse(file: Buffer, parameters: CaptureParameters): Capture {
  const sdpEnd = 4 + file.readUInt32BE(0);
  const sdp = file.toString('utf8', 4, sdpEnd);
  const tracks = parseTracks(sdp);
  const inLoop = timedFrames(file.subarray(sdpEnd), tracks).filter(
    ({ mediaSec }) => mediaSec < parameters.seconds,
  );
  inLoop.sort((a, b) => a.dueSec - b.dueSec);

  let end = 0;
  const packets = inLoop.map(({ frame, ...timing }): CapturedPacket => {
    const start = end;
    end += frame.length;
    return { ...timing, start, end };
  });
  const bytes = Buffer.concat(inLoop.map(({ frame }) => frame));
  return { parameters, sdp, tracks, bytes, packets, frameDueSec: frameDues(packets, tracks, parameters) };
}

/**
 * RTP packets with their times. Reference frames are sent before their own time (B-frames), so a packet is due at the
 * latest timestamp so far, not at its own.
 */
function timedFrames(frames: Buffer, tracks: readonly SdpTrack[]) {
  const first: number[] = [];
  const latest: number[] = [];
  return [...framesIn(frames)]
    .filter((frame) => frame.readUInt8(1) % 2 === 0)
    .map((frame) => {
      const track = frame.readUInt8(1) / 2;
      const timestamp = frame.readUInt32BE(frameHeaderBytes + 4);
      first[track] ??= timestamp;
      // `| 0` unwraps a difference of two 32-bit counters, which may be slightly below zero.
      const mediaSec = ((timestamp - first[track]) | 0) / tracks[track]!.clockRate;
      const dueSec = Math.max(latest[track] ?? 0, mediaSec);
      latest[track] = dueSec;
      return { frame, track, mediaSec, dueSec };
    });
}

function frameDues(
  packets: readonly CapturedPacket[],
  tracks: readonly SdpTrack[],
  parameters: CaptureParameters,
): number[] {
  const { seconds, fps, variableRate, pauseSec } = parameters;
  const expected = picturesIn(seconds, parameters);
  const video = tracks.findIndex(({ kind }) => kind === 'video');
  const dues: number[] = [];
  for (const { track, mediaSec, dueSec } of packets) {
    if (track === video) dues[Math.round(mediaSec * fps)] = dueSec;
  }
  const present = dues.filter((due) => due !== undefined).length;
  if (!variableRate && pauseSec === 0 && present !== expected) {
    throw new Error(`The capture has ${present} frames instead of ${expected}.`);
  }
  return dues;
}
