import type { RtpPacket } from './packet.ts';

/** Extracts access units from the packets of one track, which come in order. */
export interface Depacketizer {
  /**
   * @param buffer the buffer that holds `packet`; it may be overwritten as soon as this returns
   * @param arrivedAt steady milliseconds
   * @param isAfterLoss whether packets before this one are missing
   */
  packet(buffer: Buffer, packet: RtpPacket, arrivedAt: number, isAfterLoss: boolean): void;
  /** No further packet comes: delivers what is known to be complete. */
  close(): void;
}

/** A kind of track that Flashback does not read. The message is for the person who maintains the camera. */
export interface Unsupported {
  readonly unsupported: string;
  /** Whether ffmpeg may be able to read it, and its content can be recorded. */
  readonly isForFfmpeg: boolean;
}
