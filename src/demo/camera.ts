import type { Children } from '../processes/children.ts';
import { createPicture } from './picture.ts';
import { RtspServer } from './rtsp/server.ts';

export interface DemoCameraOptions {
  /** Path of an ffmpeg with libx264. */
  ffmpeg: string;
  /** Starts ffmpeg as a child process. The camera must be closed before `Children` is. */
  spawn: Children['spawn'];
  /** Called with ffmpeg's last output whenever ffmpeg has ended and is started again. */
  onRestart?: (reason: string) => void;
  fps?: number;
  /** Even numbers of pixels. */
  width?: number;
  height?: number;
  /** Seconds from one keyframe to the next. */
  gopSec?: number;
  /** Where the camera listens. Default: a free port of 127.0.0.1. */
  host?: string;
  port?: number;
}

export interface DemoCamera {
  /** An rtsp:// address with an IP address instead of a name, because static builds of ffmpeg cannot resolve names. */
  url: string;
  /** Resolves when ffmpeg has ended and the port is free. */
  close(): Promise<void>;
}

interface Encoder {
  /** Resolves with ffmpeg's last output when ffmpeg has ended, for whatever reason. */
  ended: Promise<string>;
  /** Resolves when ffmpeg has ended. */
  kill(): Promise<void>;
}

interface EncoderOptions extends Required<Omit<DemoCameraOptions, 'onRestart' | 'host' | 'port'>> {
  /** The address to which ffmpeg publishes. */
  url: string;
  draw: (frameNumber: number, at: Date) => Buffer;
  /** The number of the first frame. It continues when ffmpeg is started again. */
  startedMs: number;
}

const streamPath = 'demo';
const restartDelayMs = 1_000;
const stderrKeptChars = 2_000;
/** How many frames may wait for ffmpeg, or to be drawn, before the camera skips frames. */
const maxFramesBehind = 30;

/**
 * Starts a camera for demonstrations: a moving picture with a clock (see `createPicture`) and a beep each second, as
 * H.264 and AAC over RTSP. Resolves when the stream can be played. ffmpeg is started again whenever it ends. Rejects if
 * ffmpeg cannot be started or has no H.264 encoder.
 */
export async function startDemoCamera(options: DemoCameraOptions): Promise<DemoCamera> {
  const { fps = 15, width = 640, height = 360, gopSec = 2, ffmpeg, spawn, onRestart, host, port } = options;
  let onPlayable = () => {};
  const playable = new Promise<void>((resolve) => {
    onPlayable = resolve;
  });
  const server = new RtspServer({ onPlayable: () => onPlayable() });
  await server.listen(port, host);
  const url = server.url(streamPath);

  const draw = createPicture(width, height);
  const encoding = { ffmpeg, spawn, fps, width, height, gopSec, url, draw, startedMs: Date.now() };
  let encoder = startEncoder(encoding);
  let restart: NodeJS.Timeout | undefined;
  let isClosing = false;

  const close = async () => {
    isClosing = true;
    clearTimeout(restart);
    await encoder.kill();
    await server.close();
  };
  const watch = async () => {
    const lastWords = await encoder.ended;
    if (isClosing) return;
    onRestart?.(lastWords);
    restart = setTimeout(() => {
      encoder = startEncoder(encoding);
      void watch();
    }, restartDelayMs);
  };

  const failure = await Promise.race([playable, encoder.ended]);
  if (failure !== undefined) {
    await close();
    throw new Error(explain(ffmpeg, failure));
  }
  void watch();
  return { url, close };
}

function explain(ffmpeg: string, lastWords: string): string {
  return /unknown encoder/i.test(lastWords)
    ? `The demo's camera needs an ffmpeg with the H.264 encoder libx264, and ${ffmpeg} has none.`
    : `The demo's camera could not be started with ${ffmpeg}: ${lastWords}`;
}

function startEncoder(options: EncoderOptions): Encoder {
  const { ffmpeg, spawn, fps, width, height, draw, startedMs } = options;
  const child = spawn('demo camera', ffmpeg, encoderArguments(options), {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const frameBytes = (width * height * 3) / 2;
  const newestFrame = () => Math.floor(((Date.now() - startedMs) * fps) / 1000);
  const dueMs = (frame: number) => startedMs + (frame * 1000) / fps;

  let next = newestFrame();
  let timer: NodeJS.Timeout | undefined;
  const feed = () => {
    const newest = newestFrame();
    const waiting = (child.stdin?.writableLength ?? 0) / frameBytes;
    if (waiting > maxFramesBehind) next = newest + 1;
    else if (newest - next > maxFramesBehind) next = newest;
    for (; next <= newest; next++) child.stdin?.write(draw(next, new Date(dueMs(next))));
    timer = setTimeout(feed, Math.max(1, dueMs(next) - Date.now()));
  };

  let lastWords = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    lastWords = (lastWords + chunk.toString()).slice(-stderrKeptChars);
  });
  // A failed write is ignored: ffmpeg has just ended, and 'close' follows and says more.
  child.stdin?.on('error', () => {});
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(lastWords.trim() || `It ended with ${signal ?? code}.`));
  }).finally(() => clearTimeout(timer));
  feed();
  return {
    ended,
    // A live picture has nothing to lose, so ffmpeg is killed instead of asked to end.
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function encoderArguments({ fps, width, height, gopSec, url }: EncoderOptions): string[] {
  const gop = Math.round(gopSec * fps);
  const pictures = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${width}x${height}`, '-r', `${fps}`];
  const beep = 'sine=frequency=440:beep_factor=2:sample_rate=16000';
  return [
    ...['-hide_banner', '-loglevel', 'error', ...pictures, '-i', 'pipe:0', '-f', 'lavfi', '-i', beep],
    ...[
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-tune',
      'zerolatency',
      '-pix_fmt',
      'yuv420p',
      '-crf',
      '23',
    ],
    // Cameras repeat the parameter sets before every keyframe. ffmpeg does so only with this option.
    ...['-x264-params', `keyint=${gop}:min-keyint=${gop}:scenecut=0:repeat-headers=1`],
    ...['-c:a', 'aac', '-b:a', '48k', '-ac', '1'],
    // One AAC frame per packet, as cameras send it. By default the muxer collects 0.7 s.
    ...['-muxdelay', '0.06', '-f', 'rtsp', '-rtsp_transport', 'tcp', url],
  ];
}
