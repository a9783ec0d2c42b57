// Many cameras that send the same capture. Each wake-up costs one write per camera, without copies, and there is one
// timer.
import { frame, homeChannel } from '../../../src/demo/rtsp/interleaved.ts';
import type { StreamSink, StreamSource } from '../../../src/demo/rtsp/stream.ts';
import { frameHeaderBytes } from '../../../src/rtsp/framer.ts';
import type { Capture } from '../../support/camera/captures.ts';
import { senderReport, wallMs } from '../../support/camera/replay.ts';

const tickMs = 4;
const reportEveryMs = 5_000;
const ssrcOf = (track: number) => track + 1;

/**
 * The bytes that all cameras send. Sequence numbers and timestamps continue from loop to loop: they are written into a
 * packet when the first camera reaches it, so cameras must be less than a loop apart.
 */
class CannedBytes {
  readonly capture: Capture;
  /** The loop for which a packet's header was last written, and the packet's index in its track. */
  readonly #loops: Int32Array;
  readonly #numbers: Int32Array;
  readonly #perLoop: number[] = [];

  constructor(capture: Capture) {
    this.capture = capture;
    this.#loops = new Int32Array(capture.packets.length).fill(-1);
    this.#numbers = Int32Array.from(capture.packets, ({ track }) => {
      const number = this.#perLoop[track] ?? 0;
      this.#perLoop[track] = number + 1;
      return number;
    });
  }

  timestamp(track: number, mediaSec: number): number {
    return Math.round(mediaSec * this.capture.tracks[track]!.clockRate) >>> 0;
  }

  /** The packets of that loop, from one to before another. */
  frames(loop: number, from: number, to: number): Buffer {
    const { packets, bytes, parameters } = this.capture;
    for (let i = from; i < to; i++) {
      if (this.#loops[i] === loop) continue;
      this.#loops[i] = loop;
      const { start, track, mediaSec } = packets[i]!;
      const at = start + frameHeaderBytes;
      bytes.writeUInt16BE((loop * this.#perLoop[track]! + this.#numbers[i]!) & 0xffff, at + 2);
      bytes.writeUInt32BE(this.timestamp(track, loop * parameters.seconds + mediaSec), at + 4);
      bytes.writeUInt32BE(ssrcOf(track), at + 8);
    }
    return bytes.subarray(packets[from]!.start, packets[to - 1]!.end);
  }
}

/** A camera that sends the capture forever in real time, as `Replay` does. */
export class CannedCamera implements StreamSource {
  readonly sdp: string;
  readonly tracks: Capture['tracks'];
  /** When (epoch ms) each of its sessions began to play. */
  readonly joinedMs: number[] = [];
  readonly #canned: CannedBytes;
  readonly #loopStartMs: number;
  readonly #sinks = new Set<StreamSink>();
  #loop = 0;
  #index = 0;
  #dueMs = 0;
  #reportMs = 0;

  /** @param loopStartMs epoch milliseconds at which the present loop began */
  constructor(canned: CannedBytes, loopStartMs: number) {
    this.#canned = canned;
    this.sdp = canned.capture.sdp;
    this.tracks = canned.capture.tracks;
    this.#loopStartMs = loopStartMs;
    this.#goTo(0, 0);
  }

  join(sink: StreamSink): void {
    const now = wallMs();
    this.joinedMs.push(now);
    if (this.#sinks.size === 0) this.#skipTo(now);
    this.#sinks.add(sink);
    this.#report(now);
  }

  leave(sink: StreamSink): void {
    this.#sinks.delete(sink);
  }

  /** Sends the packets that are due. */
  tick(now: number): void {
    if (this.#sinks.size === 0) return;
    if (now >= this.#reportMs) this.#report(now);
    for (const frames of this.#take(now)) for (const sink of this.#sinks) sink.send(frames);
  }

  /** The packets that are due and were not taken before. */
  #take(now: number): Buffer[] {
    const taken: Buffer[] = [];
    const { packets } = this.#canned.capture;
    while (this.#dueMs <= now) {
      let to = this.#index + 1;
      while (to < packets.length && this.#dueAt(this.#loop, to) <= now) to++;
      taken.push(this.#canned.frames(this.#loop, this.#index, to));
      if (to < packets.length) this.#goTo(this.#loop, to);
      else this.#goTo(this.#loop + 1, 0);
    }
    return taken;
  }

  #skipTo(now: number): void {
    const { packets, parameters } = this.#canned.capture;
    const loop = Math.floor((now - this.#loopStartMs) / 1_000 / parameters.seconds);
    const index = packets.findIndex((_, i) => this.#dueAt(loop, i) > now);
    if (index < 0) this.#goTo(loop + 1, 0);
    else this.#goTo(loop, index);
  }

  #goTo(loop: number, index: number): void {
    this.#loop = loop;
    this.#index = index;
    this.#dueMs = this.#dueAt(loop, index);
  }

  #dueAt(loop: number, index: number): number {
    const { packets, parameters } = this.#canned.capture;
    return this.#loopStartMs + (loop * parameters.seconds + packets[index]!.dueSec) * 1_000;
  }

  #report(now: number): void {
    this.#reportMs = now + reportEveryMs;
    const reportOf = (track: number) => {
      const timestamp = this.#canned.timestamp(track, (now - this.#loopStartMs) / 1_000);
      return senderReport({ ssrc: ssrcOf(track), ntpMs: now, timestamp, packets: 0, octets: 0 });
    };
    const reports = this.tracks.map((_, track) => frame(homeChannel(track) + 1, reportOf(track)));
    for (const sink of this.#sinks) sink.send(Buffer.concat(reports));
  }
}

/** @param loopStartsMs epoch milliseconds at which each camera's loop began */
export function startCannedCameras(capture: Capture, loopStartsMs: readonly number[]): CannedCamera[] {
  const canned = new CannedBytes(capture);
  const cameras = loopStartsMs.map((startMs) => new CannedCamera(canned, startMs));
  setInterval(() => {
    const now = wallMs();
    for (const camera of cameras) camera.tick(now);
  }, tickMs);
  return cameras;
}
