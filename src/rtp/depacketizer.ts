import type { RtpPacket } from './packet.ts';

/** Extracts access units from the packets of one track, which come in order. */
export interface Depacketizer {
  /**
   * @param buffer the buffer that holds `packet`; it may be overwritten as soon as this returns
   * @param arrivedAt steady milliseconds
   * @param isAfterLoss whether packets before this one are missing
   */
  packet(buffer: Buffer, packet: RtpPacket, arrivedAt: number, isAfterLoss: boolean): void;
  /** Call it when no more packets come: delivers what is known to be complete. */
  close(): void;
}

/** A track that Flashback cannot read. The message is for the person who looks after the camera. */
export interface Unsupported {
  readonly unsupported: string;
  /** Whether ffmpeg may be able to read the track, so that it can be recorded all the same. */
  readonly isForFfmpeg: boolean;
}
