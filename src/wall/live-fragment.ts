import { type Footage, viewsOf } from '../footage/memory.ts';

/** How the pictures of a camera are coded, as Media Source Extensions need to know it. */
export interface LiveFormat {
  /** Like `video/mp4; codecs="avc1.64001f"`. */
  readonly mimeType: string;
  /** The init segment, as a message to viewers. */
  readonly message: Buffer;
}

/** What a decoder needs to begin with a live fragment. */
export interface LiveStart {
  readonly format: LiveFormat;
  /** When its keyframe is shown, in ticks of the live pictures' timescale. */
  readonly ticks: number;
}

/** The number of a camera stands in front of each binary message. */
export const numberBytes = 4;

/** A message with these bytes of the camera of that number. */
export function withNumber(number: number, ...parts: readonly Buffer[]): Buffer {
  const prefix = Buffer.allocUnsafe(numberBytes);
  prefix.writeUInt32BE(number);
  return Buffer.concat([prefix, ...parts]);
}

/**
 * Pictures of one camera that are sent together, as a message to viewers: made once, and shared by all of them. Its
 * footage is not copied, so whoever keeps a fragment has to hold it.
 */
export class LiveFragment {
  /** The message, in pieces. */
  readonly views: readonly Buffer[];
  readonly bytes: number;
  /** undefined: a decoder cannot begin here */
  readonly start: LiveStart | undefined;
  readonly #footage: readonly Footage[];
  #holders = 1;

  /**
   * @param head the bytes before the footage
   * @param footage released when nobody holds the fragment any more
   */
  constructor(head: Buffer, footage: readonly Footage[], start: LiveStart | undefined) {
    this.views = [head, ...viewsOf(footage)];
    this.bytes = this.views.reduce((sum, { length }) => sum + length, 0);
    this.start = start;
    this.#footage = footage;
  }

  /** Each `hold` needs one `release`. Whoever made the fragment holds it already. */
  hold(): this {
    this.#holders++;
    return this;
  }

  release(): void {
    if (--this.#holders === 0) for (const footage of this.#footage) footage.release();
  }
}
