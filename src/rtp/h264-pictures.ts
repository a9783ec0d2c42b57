import type { VideoFormat } from '../codecs/format.ts';
import {
  type H264Sps,
  h264Format,
  h264Nal,
  h264NalType,
  parseH264Pps,
  parseH264Sps,
} from '../codecs/h264.ts';
import {
  isFirstH264Slice,
  isSecondField,
  noField,
  readH264FieldStart,
  readH264SliceStart,
} from '../codecs/h264-slice.ts';
import { recoveryPoint } from '../codecs/sei.ts';
import { type ParameterSetReader, ParameterSets } from './parameter-sets.ts';
import type { PictureReader } from './pictures.ts';

const headerBytes = 1;

const setReader: ParameterSetReader<H264Sps> = {
  kind(header) {
    const type = h264NalType(header);
    return type === h264Nal.sps ? 'sps' : type === h264Nal.pps ? 'pps' : undefined;
  },
  vpsId: () => 0,
  sps: parseH264Sps,
  pps: parseH264Pps,
  format: (_vps, sps, pps, needsSets) => h264Format(sps, pps, needsSets),
};

/** Separates the pictures of H.264 (ISO/IEC 14496-10, 7.4.1.2). */
export class H264Pictures implements PictureReader {
  readonly #sets = new ParameterSets(setReader);
  readonly #slice = noField();
  /** The first field of the current frame, or its only picture. */
  #picture = noField();
  #next = noField();
  format: VideoFormat | undefined;
  isLoneField = false;

  /** @param sets the parameter sets in the track's description, without start codes */
  constructor(sets: readonly Buffer[]) {
    for (const nal of sets) this.#sets.describe(nal);
  }

  isSlice(header: number): boolean {
    const type = h264NalType(header);
    return type >= h264Nal.slice && type <= h264Nal.idr;
  }

  isFiller(header: number): boolean {
    return h264NalType(header) === h264Nal.filler;
  }

  isInFront(header: number): boolean {
    const type = h264NalType(header);
    return (type >= h264Nal.sei && type <= h264Nal.delimiter) || (type >= 14 && type <= 18);
  }

  noteOther(buffer: Buffer, from: number, to: number): void {
    this.#sets.note(buffer, from, to);
  }

  isFirstSlice(buffer: Buffer, from: number, to: number): boolean {
    const type = h264NalType(buffer[from]!);
    // Partitions B and C (types 3 and 4) begin no picture: they follow partition A of the same slice.
    return (
      to - from > headerBytes && type !== 3 && type !== 4 && isFirstH264Slice(buffer, from + headerBytes)
    );
  }

  isSecondField(buffer: Buffer, from: number, to: number): boolean {
    if (!this.isLoneField) return false;
    if (!this.#readField(buffer, from, to, this.#next)) return false;
    if (!isSecondField(this.#picture, this.#next)) return false;
    this.isLoneField = false;
    return true;
  }

  beginPicture(buffer: Buffer, from: number, to: number): void {
    const hasSlice = readH264SliceStart(buffer, from + headerBytes, to, this.#slice);
    this.format = hasSlice ? this.#sets.format(this.#slice.ppsId) : undefined;
    this.isLoneField = this.#readField(buffer, from, to, this.#picture) && this.#picture.isField;
  }

  isSyncSlice(header: number): boolean {
    return h264NalType(header) === h264Nal.idr;
  }

  recoveryPictures(buffer: Buffer, from: number, to: number): number | undefined {
    if (h264NalType(buffer[from]!) !== h264Nal.sei) return undefined;
    return recoveryPoint(buffer, from + headerBytes, to);
  }

  hasSkippedLeading(): boolean {
    return false;
  }

  isSkippedLeading(): boolean {
    return false;
  }

  /**
   * Reads into `into` whether the picture is a field, and of which frame, if pictures may be fields.
   * @returns false if they may not, or if that is unknown
   */
  #readField(buffer: Buffer, from: number, to: number, into: ReturnType<typeof noField>): boolean {
    if (!readH264SliceStart(buffer, from + headerBytes, to, this.#slice)) return false;
    const sps = this.#sets.sps(this.#slice.ppsId);
    if (!sps || sps.isFramesOnly) return false;
    return readH264FieldStart(sps, buffer[from]!, buffer, from + headerBytes, to, into);
  }
}
