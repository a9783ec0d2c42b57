import type { RtpPacket } from './packet.ts';

/** Takes access units out of the packets of one track, which come in order. */
export interface Depacketizer {
  /**
   * @param buffer what `packet` was read from; it may be overwritten as soon as this returns
   * @param arrivedAt in milliseconds of a clock that nobody sets
   * @param isAfterLoss packets before this one are missing
   */
  packet(buffer: Buffer, packet: RtpPacket, arrivedAt: number, isAfterLoss: boolean): void;
  /** Nothing comes any more. What is known to be whole is given out. */
  close(): void;
}

/** A kind of track that Flashback does not read. The words are for the person who looks after the camera. */
export interface Unsupported {
  readonly unsupported: string;
  /** ffmpeg may read it, and what it holds can be recorded. */
  readonly isForFfmpeg: boolean;
}
