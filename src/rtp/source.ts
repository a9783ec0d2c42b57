/** After this silence (ms) a new source is accepted in any case. */
const silentMs = 1_000;
/**
 * A new source is also accepted after this many times the longest interval between two packets of the present source.
 */
const silentIntervals = 2.5;
/** At most this many packets of another source are kept, which is a keyframe of 6 MB. */
const mostHeld = 4_096;

/** A packet of another source, which may become the accepted one. */
export interface HeldPacket {
  readonly ssrc: number;
  readonly bytes: Buffer;
  readonly arrivedAt: number;
}

/**
 * Decides which source (SSRC) of a track is accepted. Servers can send packets of another session (live555), and
 * cameras take a new SSRC when they restart their encoder. Another source is accepted once the present one has sent
 * BYE, or has been silent for longer than its packets are usually apart. Until then the packets of the other source are
 * kept: none of them is lost.
 */
export class PacketSource {
  #ssrc: number | undefined;
  #lastAt = 0;
  #longestMs = 0;
  #hasLeft = false;
  #held: HeldPacket[] = [];
  /** Whether the last accepted packet is the first of its source. */
  isNew = false;

  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  /** Takes note of a packet's source. @returns whether the packet is accepted; if not, give it to `hold` */
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

  /** Keeps a copy of a packet that was not accepted. @returns the packets that are accepted now, in order */
  hold(packet: HeldPacket): readonly HeldPacket[] {
    if (this.#held[0]?.ssrc !== packet.ssrc) this.#held = [];
    if (this.#held.length < mostHeld) this.#held.push({ ...packet, bytes: Buffer.from(packet.bytes) });
    const usualMs = this.#longestMs * silentIntervals || silentMs;
    if (packet.arrivedAt - this.#lastAt < Math.min(silentMs, usualMs)) return [];
    this.#hasLeft = true;
    return this.#held.splice(0);
  }

  /** Call it when the source has sent BYE. */
  leave(ssrc: number): void {
    if (ssrc === this.#ssrc) this.#hasLeft = true;
  }
}
