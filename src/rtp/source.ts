/** How long a source must have been silent until another one takes its place. */
const silentMs = 1_000;

/**
 * Which source (SSRC) a track listens to. Servers can send packets of another session into ours (live555), and cameras
 * take a new SSRC when they start their encoder anew: another source counts once the present one has said BYE or has
 * been silent for a second.
 */
export class PacketSource {
  #ssrc: number | undefined;
  #lastAt = 0;
  #hasLeft = false;
  /** Whether the packet that was accepted last is the first of its source. */
  isNew = false;

  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  /** Whether a packet of this source counts. */
  accepts(ssrc: number, arrivedAt: number): boolean {
    this.isNew = false;
    if (ssrc !== this.#ssrc) {
      const isPresent = this.#ssrc !== undefined && !this.#hasLeft && arrivedAt - this.#lastAt < silentMs;
      if (isPresent) return false;
      this.#ssrc = ssrc;
      this.isNew = true;
    }
    this.#hasLeft = false;
    this.#lastAt = arrivedAt;
    return true;
  }

  /** The source has said that it sends no more. */
  leave(ssrc: number): void {
    if (ssrc === this.#ssrc) this.#hasLeft = true;
  }
}
