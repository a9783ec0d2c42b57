import type { AuthScheme } from '../../../src/demo/rtsp/auth.ts';
import type { RtspRequest } from '../../../src/demo/rtsp/message.ts';
import type { SdpTrack } from '../../../src/demo/rtsp/sdp.ts';
import { RtspServer, type RtspServerOptions } from '../../../src/demo/rtsp/server.ts';
import type { StreamSink, StreamSource } from '../../../src/demo/rtsp/stream.ts';
import type { Capture } from './captures.ts';
import { Replay, type TrackFaults, wallMs } from './replay.ts';

export interface TestCameraOptions {
  capture: Capture;
  /** Passwords by user name. Default: no password is needed. */
  users?: Readonly<Record<string, string>>;
  /** Default: digest. */
  auth?: AuthScheme;
  /** The largest number of sessions at a time; one more is refused with 453. Default: no limit. */
  maxSessions?: number;
  /** The first reader gets a keyframe first. Default: each reader begins in the middle of a GOP. */
  idrOnPlay?: boolean;
  /** Seconds of the camera's clock per second: 1.2 makes its timestamps run 20 % fast. Default: 1. */
  clockRate?: number;
  /** Seconds of pictures and clock per second of wall-clock time. Default: 1. */
  speed?: number;
  /** The faults of single tracks. */
  faults?: TrackFaults;
  /** The camera's position in the loop when it starts, in seconds. Default: half a GOP. */
  phaseSec?: number;
}

export interface LoggedRequest {
  method: string;
  path: string;
  /** The status of the answer. */
  status: number;
  /** Wall-clock ms of the answer. */
  atMs: number;
}

const streamPath = 'camera';
/** With `idrOnPlay`, how long after PLAY the keyframe is due, because PLAY must be answered first. */
const keyframeDelaySec = 0.005;

/** A camera that listens on a free port of 127.0.0.1 and plays its capture forever in real time. */
export async function startTestCamera(options: TestCameraOptions): Promise<TestCamera> {
  const camera = new TestCamera(options);
  await camera.online();
  return camera;
}

/**
 * A camera with faults on command. Every fault happens on the wire, and none stops the camera's own time: after a stall
 * or an outage it sends present pictures, not those of the past.
 */
export class TestCamera {
  /** Every request since the start, in the order of the answers. */
  readonly requests: LoggedRequest[] = [];
  /** DESCRIBE is answered after this delay. */
  describeDelayMs = 0;
  private readonly options: TestCameraOptions;
  private readonly server: RtspServer;
  /** The replay of each playing reader. */
  private readonly playing = new Map<StreamSink, Replay>();
  /** All replays that the camera has sent, oldest first. */
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

  /** The camera's address without a password. */
  get url(): string {
    return this.server.url(streamPath);
  }

  /** The camera's address with this user's name and password, right or wrong. */
  urlAs(username: string, password: string): string {
    return this.server.url(streamPath, { username, password });
  }

  get port(): number {
    return this.server.port;
  }

  /** The number of readers that play now. */
  get sessions(): number {
    return this.playing.size;
  }

  /** The number of readers that have played since the start. */
  get sessionsEver(): number {
    return this.playsEver;
  }

  /** The number of RTP packets sent to readers since the start. */
  get packetsSent(): number {
    return this.replays.reduce((sum, replay) => sum + replay.packetsSent, 0);
  }

  /** Cuts all connections. New ones are accepted at once. */
  drop(): void {
    this.server.dropConnections();
  }

  /** From now on connections stay open and new ones are accepted, but nothing is sent or answered. */
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

  /** From now on there are no pictures, while sound continues. */
  stallPictures(): void {
    this.replay.pictures = 'none';
  }

  /** Pictures begin again with the next keyframe. */
  resumePictures(): void {
    this.replay.pictures = 'awaited';
  }

  /** Answers every request from now on with this status, like 404 or 503; undefined ends that. */
  refuse(status: number | undefined): void {
    this.refusal = status;
  }

  /** Cuts all connections and refuses new ones, because the port is closed. */
  offline(): Promise<void> {
    return this.server.close();
  }

  /** Listens again on the same port. */
  online(): Promise<void> {
    return this.server.listen(this.server.port);
  }

  /** From now on sends other pictures (another size or codec). Readers are disconnected. */
  switchTo(capture: Capture): void {
    this.replay = this.see(capture, capture.parameters.gopSec / 2);
    this.server.dropConnections();
  }

  /** The camera's clock jumps by this many seconds, within running sessions. */
  jumpTimestamps(seconds: number): void {
    this.replay.jump(seconds);
  }

  /** The clock jumps and packets come from another source (SSRC), as after a restart of the encoder. */
  restartEncoder(seconds: number): void {
    this.replay.changeSource();
    this.replay.jump(seconds);
  }

  /** The counter of the newest frame that the camera had sent at this time, or would have sent without a fault. */
  frameAt(atMs: number): number {
    const replay = this.replays.findLast(({ startedMs }) => startedMs <= atMs) ?? this.replay;
    return replay.frameAt(atMs);
  }

  /**
   * When (wall-clock ms) the camera sent the frame with this counter, or would have, in the loop nearest to `nearMs`.
   * Throws if that was not within a loop of that time.
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
