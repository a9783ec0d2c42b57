import { randomInt } from 'node:crypto';
import { frame, framesIn, homeChannel } from '../../../src/demo/rtsp/interleaved.ts';
import type { SdpTrack } from '../../../src/demo/rtsp/sdp.ts';
import type { StreamSink } from '../../../src/demo/rtsp/stream.ts';
import { frameHeaderBytes } from '../../../src/rtsp/framer.ts';
import type { Capture, CapturedPacket } from './captures.ts';

/** ffmpeg's own interval (RFC 3550 asks for at least 5 s on average). */
/** Seconds from the epoch of NTP (1900) to that of Unix. */
const ntpToUnixSec = 2_208_988_800;
const rtpHeaderBytes = 12;

/** Wall-clock time in ms since 1970 with fractions. Unlike Date.now, it never jumps. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now();
}

export interface TrackFaults {
  /** Seconds of the video's RTP clock per second of the camera's. Default: 1. */
  readonly videoClockRate?: number;
  /** One picture in so many has a timestamp 1000 s ahead. */
  readonly strayEvery?: number;
  /** One picture packet in so many is lost. */
  readonly loseEvery?: number;
  /** Sound is announced but never sent. */
  readonly isMute?: boolean;
  /** How often sender reports (RTCP) are sent. Default: 5 s, as RFC 3550 requires. */
  readonly reportEveryMs?: number;
  /** Only one sender report (RTCP, which relates the tracks to each other) is sent. */
  readonly isWithoutReports?: boolean;
}

interface TrackState {
  kind: SdpTrack['kind'];
  clockRate: number;
  ssrc: number;
  firstTimestamp: number;
  sequence: number;
  packets: number;
  octets: number;
}

/**
 * Sends a capture forever in real time. The due packets follow only from the wall clock, so time goes on without
 * readers. Each wake-up costs one copy of the bytes, whatever the number of packets.
 */
export class Replay {
  readonly capture: Capture;
  /** Wall-clock ms at which this capture began. */
  readonly startedMs: number;
  /** Wall-clock ms at which the loop of that time had begun. */
  private readonly loopStartMs: number;
  /** While true, nothing is sent, and packets that are due are lost. */
  isSilent = false;
  /** Unless it is `sent`, there is sound without pictures; `awaited` ends with the next keyframe. */
  pictures: 'sent' | 'none' | 'awaited' = 'sent';
  /** The faults of single tracks, by kind: a clock of their own, or nothing sent at all. */
  faults: TrackFaults = {};
  /** The number of RTP packets sent to each sink. */
  packetsSent = 0;
  private readonly clockRate: number;
  private readonly speed: number;
  private readonly sinks = new Set<StreamSink>();
  private readonly tracks: TrackState[];
  private jumpedSec = 0;
  private timer: NodeJS.Timeout | undefined;
  private nextReportMs = 0;
  /** The index of the next packet to send. */
  private loop = 0;
  private index = 0;

  /**
   * `phaseSec`: the position in the loop at `startedMs`.
   * `clockRate`: seconds of the camera's own clock per second of wall-clock time.
   * `speed`: seconds of pictures and clock per second of wall-clock time since `startedMs`.
   */
  constructor(capture: Capture, startedMs: number, phaseSec: number, clockRate: number, speed = 1) {
    this.capture = capture;
    this.startedMs = startedMs;
    this.loopStartMs = startedMs - phaseSec * 1000;
    this.clockRate = clockRate;
    this.speed = speed;
    this.tracks = capture.tracks.map((track) => ({
      kind: track.kind,
      clockRate: track.clockRate,
      ssrc: randomInt(2 ** 32),
      firstTimestamp: randomInt(2 ** 32),
      sequence: randomInt(2 ** 16),
      packets: 0,
      octets: 0,
    }));
  }

  join(sink: StreamSink): void {
    if (this.sinks.size === 0) {
      this.skipTo(this.nowMs());
      this.nextReportMs = this.nowMs() + (this.faults.reportEveryMs ?? 5_000);
      this.sinks.add(sink);
      this.sleep();
    }
    this.sinks.add(sink);
    if (!this.isSilent) sink.send(this.senderReports());
  }

  leave(sink: StreamSink): void {
    this.sinks.delete(sink);
    if (this.sinks.size === 0) clearTimeout(this.timer);
  }

  /** The camera's clock jumps, and with it all RTP timestamps and sender reports from now on. */
  jump(seconds: number): void {
    this.jumpedSec += seconds;
  }

  /** From now on packets come from another source, as after a restart of the camera's encoder. */
  changeSource(): void {
    for (const track of this.tracks) track.ssrc = randomInt(2 ** 32);
  }

  /** The counter of the newest frame that was due at this time. */
  frameAt(atMs: number): number {
    const { frameDueSec, parameters } = this.capture;
    const inLoopSec = modulo((atMs - this.loopStartMs) / 1000, parameters.seconds);
    return frameDueSec.findLastIndex((due) => due <= inLoopSec);
  }

  /** All times between these times at which the frame with this counter was or will be due. */
  sentTimes(counter: number, fromMs: number, untilMs: number): number[] {
    const { frameDueSec, parameters } = this.capture;
    const due = frameDueSec[counter];
    if (due === undefined) return [];
    const loopMs = parameters.seconds * 1000;
    const times: number[] = [];
    const firstMs = this.loopStartMs + due * 1000;
    for (let at = firstMs; at < untilMs; at += loopMs) if (at >= fromMs) times.push(at);
    return times;
  }

  private nowMs(): number {
    return this.startedMs + (wallMs() - this.startedMs) * this.speed;
  }

  private dueMs(): number {
    const { packets, parameters } = this.capture;
    return this.loopStartMs + (this.loop * parameters.seconds + packets[this.index]!.dueSec) * 1000;
  }

  private skipTo(atMs: number): void {
    const { packets, parameters } = this.capture;
    const elapsedSec = (atMs - this.loopStartMs) / 1000;
    this.loop = Math.floor(elapsedSec / parameters.seconds);
    const inLoopSec = elapsedSec - this.loop * parameters.seconds;
    const index = packets.findIndex(({ dueSec }) => dueSec > inLoopSec);
    this.index = Math.max(0, index);
    if (index < 0) this.loop++;
  }

  private sleep(): void {
    const waitMs = (this.dueMs() - this.nowMs()) / this.speed;
    this.timer = setTimeout(() => this.wake(), Math.max(1, Math.ceil(waitMs)));
  }

  private wake(): void {
    const nowMs = this.nowMs();
    if (nowMs >= this.nextReportMs) {
      this.nextReportMs = nowMs + (this.faults.reportEveryMs ?? 5_000);
      if (!this.faults.isWithoutReports) this.send(this.senderReports());
    }
    const { packets } = this.capture;
    while (this.dueMs() <= nowMs) {
      const from = this.index;
      while (this.index < packets.length && this.dueMs() <= nowMs) this.index++;
      this.sendPackets(from, this.index);
      if (this.index === packets.length) {
        this.index = 0;
        this.loop++;
      }
    }
    if (this.sinks.size > 0) this.sleep();
  }

  private sendPackets(from: number, to: number): void {
    const { packets, bytes } = this.capture;
    const origin = packets[from]!.start;
    const batch = Buffer.from(bytes.subarray(origin, packets[to - 1]!.end));
    const sent: Buffer[] = [];
    for (const packet of packets.slice(from, to)) {
      const track = this.tracks[packet.track]!;
      if (this.isLeftOut(track, packet)) continue;
      const at = packet.start - origin + frameHeaderBytes;
      track.sequence = (track.sequence + 1) % 2 ** 16;
      if (this.isLost(track)) continue;
      batch.writeUInt16BE(track.sequence, at + 2);
      const mediaSec = this.loop * this.capture.parameters.seconds + packet.mediaSec;
      batch.writeUInt32BE(this.timestamp(track, mediaSec), at + 4);
      batch.writeUInt32BE(track.ssrc, at + 8);
      track.packets++;
      track.octets += packet.end - packet.start - frameHeaderBytes - rtpHeaderBytes;
      sent.push(batch.subarray(packet.start - origin, packet.end - origin));
    }
    const isWhole = sent.length === to - from;
    const isSent = this.send(isWhole ? batch : Buffer.concat(sent));
    if (isSent) this.packetsSent += sent.length * this.sinks.size;
  }

  private isLeftOut({ kind }: TrackState, { mediaSec }: CapturedPacket): boolean {
    if (kind === 'audio') return this.faults.isMute ?? false;
    const { fps, gopSec } = this.capture.parameters;
    const isKeyframe = Math.round(mediaSec * fps) % Math.round(gopSec * fps) === 0;
    if (this.pictures === 'awaited' && isKeyframe) this.pictures = 'sent';
    return this.pictures !== 'sent';
  }

  private isLost({ kind, sequence }: TrackState): boolean {
    const { loseEvery } = this.faults;
    return kind === 'video' && loseEvery !== undefined && sequence % loseEvery === 0;
  }

  private withoutSound(frames: Buffer): Buffer {
    const isSound = (channel: number) => this.tracks[channel >> 1]!.kind === 'audio';
    return Buffer.concat([...framesIn(frames)].filter((frame) => !isSound(frame.readUInt8(1))));
  }

  private send(frames: Buffer): boolean {
    if (this.isSilent) return false;
    for (const sink of this.sinks) sink.send(frames);
    return true;
  }

  private cameraClockSec(sinceStartSec: number): number {
    return sinceStartSec * this.clockRate + this.jumpedSec;
  }

  private timestamp(track: TrackState, sinceStartSec: number): number {
    const { videoClockRate = 1, strayEvery } = this.faults;
    const own = track.kind === 'video' ? videoClockRate : 1;
    const picture = Math.round(sinceStartSec * this.capture.parameters.fps);
    const isStray = track.kind === 'video' && strayEvery !== undefined && picture % strayEvery === 0;
    const ticks = Math.round(
      (this.cameraClockSec(sinceStartSec) * own + (isStray ? 1_000 : 0)) * track.clockRate,
    );
    return (track.firstTimestamp + ticks) >>> 0;
  }

  /** RTCP sender reports (RFC 3550, 6.4.1) by the camera's own clock. */
  private senderReports(): Buffer {
    const sinceStartSec = (this.nowMs() - this.loopStartMs) / 1000;
    const ntpMs = this.loopStartMs + this.cameraClockSec(sinceStartSec) * 1000;
    const reports = Buffer.concat(
      this.tracks.map((track, index) => {
        const timestamp = this.timestamp(track, sinceStartSec);
        return frame(homeChannel(index) + 1, senderReport({ ...track, ntpMs, timestamp }));
      }),
    );
    return this.faults.isMute ? this.withoutSound(reports) : reports;
  }
}

/** @param report.ntpMs epoch milliseconds */
export function senderReport(report: {
  ssrc: number;
  ntpMs: number;
  timestamp: number;
  packets: number;
  octets: number;
}): Buffer {
  const ntp = report.ntpMs / 1000 + ntpToUnixSec;
  const bytes = Buffer.alloc(28);
  bytes.writeUInt16BE(0x80c8, 0); // version 2, no report blocks, packet type 200
  bytes.writeUInt16BE(bytes.length / 4 - 1, 2);
  bytes.writeUInt32BE(report.ssrc, 4);
  bytes.writeUInt32BE(Math.floor(ntp) >>> 0, 8);
  bytes.writeUInt32BE(Math.floor((ntp % 1) * 2 ** 32), 12);
  bytes.writeUInt32BE(report.timestamp, 16);
  bytes.writeUInt32BE(report.packets >>> 0, 20);
  bytes.writeUInt32BE(report.octets >>> 0, 24);
  return bytes;
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
