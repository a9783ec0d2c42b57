import type { AuthScheme } from '../../../src/demo/rtsp/auth.ts';
import type { RtspRequest } from '../../../src/demo/rtsp/message.ts';
import type { SdpTrack } from '../../../src/demo/rtsp/sdp.ts';
import { RtspServer, type RtspServerOptions } from '../../../src/demo/rtsp/server.ts';
import type { StreamSink, StreamSource } from '../../../src/demo/rtsp/stream.ts';
import type { Capture } from './captures.ts';
import { Replay, type TrackFaults, wallMs } from './replay.ts';

export interface TestCameraOptions {
  capture: Capture;
  /** Passwords by user name. Default: no password asked. */
  users?: Readonly<Record<string, string>>;
  /** Default: digest. */
  auth?: AuthScheme;
  /** Sessions at a time; one more is refused with 453. Default: no limit. */
  maxSessions?: number;
  /** The first reader gets a keyframe first. Default: whoever joins, joins in the middle of a GOP. */
  idrOnPlay?: boolean;
  /** Seconds of the camera's clock per second: 1.2 makes its timestamps run 20 % fast. Default: 1. */
  clockRate?: number;
  /** Seconds of everything, pictures and clock, per second of wall-clock time. Default: 1. */
  speed?: number;
  /** What is wrong with single tracks. */
  faults?: TrackFaults;
  /** How far into the loop the camera is when it starts, in seconds. Default: half a GOP. */
  phaseSec?: number;
}

export interface LoggedRequest {
  method: string;
  path: string;
  /** The status it was answered with. */
  status: number;
  /** Wall-clock ms of the answer. */
  atMs: number;
}

const streamPath = 'camera';
/** With `idrOnPlay`, how long after PLAY the keyframe is due: PLAY must be answered first. */
const keyframeDelaySec = 0.005;

/** A camera that listens on a free port of 127.0.0.1 and plays its capture forever in real time. */
export async function startTestCamera(options: TestCameraOptions): Promise<TestCamera> {
  const camera = new TestCamera(options);
  await camera.online();
  return camera;
}

/**
 * A camera that misbehaves on command. Every fault happens on the wire, and none of them stops the
 * camera's own time: after a stall or an outage it sends what it sees then, not what it saw before.
 */
export class TestCamera {
  /** Every request since the start, in the order in which they were answered. */
  readonly requests: LoggedRequest[] = [];
  /** DESCRIBE is answered only after this time. */
  describeDelayMs = 0;
  private readonly options: TestCameraOptions;
  private readonly server: RtspServer;
  /** Which replay feeds which playing reader. */
  private readonly playing = new Map<StreamSink, Replay>();
  /** All that the camera ever saw, oldest first. */
  private readonly replays: Replay[] = [];
  private replay: Replay;
  private playsEver = 0;
  private refusal: number | undefined;
  private whenUnstalled: Promise<void> | undefined;
  private onUnstalled = () => {};

  /** Use `startTestCamera`. */
  constructor(options: TestCameraOptions) {
    this.options = options;
    const { capture, phaseSec = capture.parameters.gopSec / 2 } = options;
    this.replay = this.see(capture, phaseSec);
    this.server = new RtspServer(this.serverOptions());
    this.server.mount(streamPath, this.source());
  }

  /** Its address without a password. */
  get url(): string {
    return this.server.url(streamPath);
  }

  /** Its address with this user's name and password in it, right or wrong. */
  urlAs(username: string, password: string): string {
    return this.server.url(streamPath, { username, password });
  }

  get port(): number {
    return this.server.port;
  }

  /** Readers that play now. */
  get sessions(): number {
    return this.playing.size;
  }

  /** Readers that have played since the start. */
  get sessionsEver(): number {
    return this.playsEver;
  }

  /** RTP packets sent to readers since the start. */
  get packetsSent(): number {
    return this.replays.reduce((sum, replay) => sum + replay.packetsSent, 0);
  }

  /** Cuts all connections; new ones are welcome at once. */
  drop(): void {
    this.server.dropConnections();
  }

  /** From now on connections stay open, and new ones are accepted, but nothing is sent or answered. */
  stall(): void {
    if (this.whenUnstalled !== undefined) return;
    this.replay.isSilent = true;
    this.whenUnstalled = new Promise((resolve) => {
      this.onUnstalled = resolve;
    });
  }

  unstall(): void {
    this.replay.isSilent = false;
    this.whenUnstalled = undefined;
    this.onUnstalled();
  }

  /** From now on there are no pictures; sound goes on. */
  stallPictures(): void {
    this.replay.pictures = 'none';
  }

  /** Pictures begin again with the next keyframe. */
  resumePictures(): void {
    this.replay.pictures = 'awaited';
  }

  /** Answers every request from now on with this status, e.g. 404 or 503; undefined ends it. */
  refuse(status: number | undefined): void {
    this.refusal = status;
  }

  /** Cuts all connections and refuses new ones: nobody listens on the port. */
  offline(): Promise<void> {
    return this.server.close();
  }

  /** Listens again, on the same port. */
  online(): Promise<void> {
    return this.server.listen(this.server.port);
  }

  /** Shows something else (another size, another codec) from now on; who plays is cut off. */
  switchTo(capture: Capture): void {
    this.replay = this.see(capture, capture.parameters.gopSec / 2);
    this.server.dropConnections();
  }

  /** The camera's clock jumps by this many seconds, within running sessions. */
  jumpTimestamps(seconds: number): void {
    this.replay.jump(seconds);
  }

  /** Its clock jumps and its packets come from another source (SSRC), as behind a restart of its encoder. */
  restartEncoder(seconds: number): void {
    this.replay.changeSource();
    this.replay.jump(seconds);
  }

  /** The counter of the newest frame that the camera had sent, or would have but for a fault, at this time. */
  frameAt(atMs: number): number {
    const replay = this.replays.findLast(({ startedMs }) => startedMs <= atMs) ?? this.replay;
    return replay.frameAt(atMs);
  }

  /**
   * When (wall-clock ms) the camera sent the frame with this counter, or would have; of the loops, the
   * one nearest to `nearMs`. Throws if it never did within a loop of that time.
   */
  sentAt(counter: number, nearMs: number): number {
    const distance = (atMs: number) => Math.abs(atMs - nearMs);
    const times = this.replays.flatMap((replay, index) => {
      const loopMs = replay.capture.parameters.seconds * 1000;
      const endMs = this.replays[index + 1]?.startedMs ?? Number.POSITIVE_INFINITY;
      const fromMs = Math.max(replay.startedMs, nearMs - loopMs);
      return replay.sentTimes(counter, fromMs, Math.min(endMs, nearMs + loopMs));
    });
    const [nearest] = times.sort((a, b) => distance(a) - distance(b));
    if (nearest === undefined) throw new RangeError(`The camera had no frame ${counter} at that time.`);
    return nearest;
  }

  async close(): Promise<void> {
    this.unstall();
    await this.server.close();
  }

  private see(capture: Capture, phaseSec: number): Replay {
    const { clockRate = 1, speed = 1 } = this.options;
    const replay = new Replay(capture, wallMs(), phaseSec, clockRate, speed);
    replay.faults = this.options.faults ?? {};
    replay.isSilent = this.whenUnstalled !== undefined;
    this.replays.push(replay);
    return replay;
  }

  private source(): StreamSource {
    const camera = this;
    return {
      get sdp(): string {
        return camera.replay.capture.sdp;
      },
      get tracks(): readonly SdpTrack[] {
        return camera.replay.capture.tracks;
      },
      join: (sink) => this.join(sink),
      leave: (sink) => this.leave(sink),
    };
  }

  private join(sink: StreamSink): void {
    if (this.options.idrOnPlay && this.sessions === 0) {
      this.replay = this.see(this.replay.capture, -keyframeDelaySec);
    }
    this.playsEver++;
    this.playing.set(sink, this.replay);
    this.replay.join(sink);
  }

  private leave(sink: StreamSink): void {
    this.playing.get(sink)?.leave(sink);
    this.playing.delete(sink);
  }

  private serverOptions(): RtspServerOptions {
    const { users, auth, maxSessions } = this.options;
    return {
      ...(users && { users }),
      ...(auth && { auth }),
      ...(maxSessions !== undefined && { maxSessions }),
      admit: (request) => this.admit(request),
      onAnswered: ({ method, path }, status) => {
        this.requests.push({ method, path, status, atMs: wallMs() });
      },
    };
  }

  private async admit(request: RtspRequest): Promise<number | undefined> {
    await this.whenUnstalled;
    if (request.method === 'DESCRIBE' && this.describeDelayMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, this.describeDelayMs));
    }
    return this.refusal;
  }
}
