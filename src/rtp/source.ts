/** How long a source must have been silent until another one takes its place, at most. */
const silentMs = 1_000;
/** So many of the longest intervals between a source's packets are silence, too. */
const silentIntervals = 2.5;
/** More packets of another source than this are not kept: one keyframe of 6 MB. */
const mostHeld = 4_096;

/** A packet of a source that may take over. */
export interface HeldPacket {
  readonly ssrc: number;
  readonly bytes: Buffer;
  readonly arrivedAt: number;
}

/**
 * Which source (SSRC) a track listens to. Servers can send packets of another session into ours (live555), and cameras
 * take a new SSRC when they start their encoder anew: another source counts once the present one has said BYE or has
 * been silent for longer than its packets are usually apart. Until then its packets are kept, so that none is lost.
 */
export class PacketSource {
  #ssrc: number | undefined;
  #lastAt = 0;
  #longestMs = 0;
  #hasLeft = false;
  #held: HeldPacket[] = [];
  /** Whether the packet that was accepted last is the first of its source. */
  isNew = false;

  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  /** Whether a packet of this source counts. */
  accepts(ssrc: number, arrivedAt: number): boolean {
    this.isNew = ssrc !== this.#ssrc;
    if (this.isNew) {
      if (this.#ssrc !== undefined && !this.#hasLeft) return false;
      this.#ssrc = ssrc;
      this.#longestMs = 0;
    } else {
      this.#longestMs = Math.max(this.#longestMs * 0.999, arrivedAt - this.#lastAt);
    }
    if (this.#held.length > 0) this.#held = [];
    this.#hasLeft = false;
    this.#lastAt = arrivedAt;
    return true;
  }

  /** Keeps a copy of a packet that was not accepted. @returns all that are to be taken now, in their order */
  hold(packet: HeldPacket): readonly HeldPacket[] {
    if (this.#held[0]?.ssrc !== packet.ssrc) this.#held = [];
    if (this.#held.length < mostHeld) this.#held.push({ ...packet, bytes: Buffer.from(packet.bytes) });
    const usualMs = this.#longestMs * silentIntervals || silentMs;
    if (packet.arrivedAt - this.#lastAt < Math.min(silentMs, usualMs)) return [];
    this.#hasLeft = true;
    return this.#held.splice(0);
  }

  /** The source has said that it sends no more. */
  leave(ssrc: number): void {
    if (ssrc === this.#ssrc) this.#hasLeft = true;
  }
}
