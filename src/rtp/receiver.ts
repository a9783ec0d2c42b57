import { randomInt } from 'node:crypto';
import type { FootageMemory } from '../footage/memory.ts';
import type { AccessUnit } from '../footage/unit.ts';
import type { Depacketizer, Unsupported } from './depacketizer.ts';
import { createDepacketizer, type TrackDescription } from './kinds.ts';
import { RtpPacket } from './packet.ts';
import { ReorderBuffer } from './reorder.ts';
import { buildReceiverReport, type ControlHandler, readControlPackets } from './rtcp.ts';
import { PacketSequence } from './sequence.ts';
import { PacketSource } from './source.ts';

export interface ReceiverOptions extends TrackDescription {
  readonly payloadType: number;
  readonly memory: FootageMemory;
  /** Whether packets may come in any order (UDP). */
  readonly isDatagram: boolean;
  /** Takes a unit, and has to release its footage. */
  readonly onUnit: (unit: AccessUnit) => void;
  /**
   * Called with the sender's wall clock at a timestamp of the track.
   * @param ntpMs milliseconds since 1970, as sent
   */
  readonly onSenderReport: (ntpMs: number, timestamp: number, arrivedAt: number) => void;
}

/** Makes access units of the RTP packets of one track. */
export interface Receiver {
  /**
   * Takes an RTP packet; its bytes may be overwritten as soon as this returns.
   * @param arrivedAt steady milliseconds
   */
  push(buffer: Buffer, from: number, to: number, arrivedAt: number): void;
  /** Takes an RTCP packet, compound or not. */
  pushControl(buffer: Buffer, from: number, to: number, arrivedAt: number): void;
  /**
   * The receiver report. Send it every five seconds: some cameras stop sending without it.
   * @param now steady milliseconds
   */
  receiverReport(now: number): Buffer;
  /** The number of missing packets so far. */
  readonly lost: number;
  /** Delivers the unit that is known to be complete, and drops the rest. */
  close(): void;
}

export function createReceiver(options: ReceiverOptions): Receiver | Unsupported {
  const depacketizer = createDepacketizer(options, options.memory, options.onUnit);
  return 'unsupported' in depacketizer ? depacketizer : new TrackReceiver(options, depacketizer);
}

/** The name in all reports of this process; RFC 3550, 6.5.1 asks for one name. */
const receiverName = `flashback-${randomInt(2 ** 32).toString(36)}`;

interface SenderReport {
  readonly ssrc: number;
  readonly ntpMs: number;
  readonly ntpMiddle: number;
  readonly timestamp: number;
  readonly arrivedAt: number;
}

class TrackReceiver implements Receiver, ControlHandler {
  readonly #payloadType: number;
  readonly #clockRate: number;
  readonly #onSenderReport: ReceiverOptions['onSenderReport'];
  readonly #depacketizer: Depacketizer;
  readonly #packet = new RtpPacket();
  readonly #source = new PacketSource();
  readonly #sequence = new PacketSequence();
  readonly #reorder: ReorderBuffer | undefined;
  readonly #ssrc = randomInt(2 ** 32);
  #hasSource = false;
  #isAfterLoss = false;
  #controlArrivedAt = 0;
  #report: SenderReport | undefined;

  constructor(options: ReceiverOptions, depacketizer: Depacketizer) {
    this.#payloadType = options.payloadType;
    this.#clockRate = options.clockRate;
    this.#onSenderReport = options.onSenderReport;
    this.#depacketizer = depacketizer;
    if (!options.isDatagram) return;
    const packet = new RtpPacket();
    this.#reorder = new ReorderBuffer((buffer, from, to, arrivedAt) => {
      if (packet.read(buffer, from, to)) this.#take(buffer, packet, arrivedAt);
    });
  }

  get lost(): number {
    return this.#sequence.lost;
  }

  push(buffer: Buffer, from: number, to: number, arrivedAt: number): void {
    const packet = this.#packet;
    if (!packet.read(buffer, from, to)) return;
    // This is checked before the sequence number: Geovision sends packets of type 50 with the previous sequence number.
    if (packet.payloadType !== this.#payloadType) return;
    const { ssrc, sequence } = packet;
    if (!this.#source.accepts(ssrc, arrivedAt)) {
      const held = this.#source.hold({ ssrc, bytes: buffer.subarray(from, to), arrivedAt });
      for (const it of held) this.push(it.bytes, 0, it.bytes.length, it.arrivedAt);
      return;
    }
    if (this.#source.isNew) this.#beginSource(ssrc);
    if (this.#reorder) this.#reorder.push(sequence, buffer, from, to, arrivedAt);
    else this.#take(buffer, packet, arrivedAt);
  }

  pushControl(buffer: Buffer, from: number, to: number, arrivedAt: number): void {
    this.#controlArrivedAt = arrivedAt;
    readControlPackets(buffer, from, to, this);
  }

  senderReport(ssrc: number, ntpMs: number, ntpMiddle: number, timestamp: number): void {
    const known = this.#source.ssrc;
    if (known !== undefined && ssrc !== known) return;
    this.#report = { ssrc, ntpMs, ntpMiddle, timestamp, arrivedAt: this.#controlArrivedAt };
    // Until the first packet it is not known whether this source will be accepted, so its report is only kept.
    if (known !== undefined) this.#tellReport();
  }

  bye(ssrc: number): void {
    this.#source.leave(ssrc);
  }

  receiverReport(now: number): Buffer {
    const ssrc = this.#source.ssrc;
    if (ssrc === undefined) return buildReceiverReport(this.#ssrc, receiverName, undefined);
    const report = this.#report;
    return buildReceiverReport(this.#ssrc, receiverName, {
      ssrc,
      ...this.#sequence.report(),
      lastReport: report?.ntpMiddle ?? 0,
      sinceLastReport: report ? Math.max(0, Math.round(((now - report.arrivedAt) * 65_536) / 1000)) >>> 0 : 0,
    });
  }

  close(): void {
    this.#reorder?.flush();
    this.#depacketizer.close();
  }

  #beginSource(ssrc: number): void {
    this.#reorder?.restart();
    this.#sequence.restart();
    this.#isAfterLoss = this.#hasSource;
    this.#hasSource = true;
    if (this.#report?.ssrc === ssrc) this.#tellReport();
    else this.#report = undefined;
  }

  #tellReport(): void {
    const { ntpMs, timestamp, arrivedAt } = this.#report!;
    this.#onSenderReport(ntpMs, timestamp, arrivedAt);
  }

  #take(buffer: Buffer, packet: RtpPacket, arrivedAt: number): void {
    const missing = this.#sequence.next(packet.sequence);
    if (missing < 0) return;
    this.#sequence.note(packet.timestamp, arrivedAt, this.#clockRate);
    const isAfterLoss = missing > 0 || this.#isAfterLoss;
    this.#isAfterLoss = false;
    this.#depacketizer.packet(buffer, packet, arrivedAt, isAfterLoss);
  }
}
