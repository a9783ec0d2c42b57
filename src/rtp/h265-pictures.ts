import type { VideoFormat } from '../codecs/format.ts';
import {
  type H265Sps,
  h265Format,
  h265Nal,
  h265NalType,
  h265VpsId,
  isH265RandomAccess,
  isH265SkippedLeading,
  parseH265Pps,
  parseH265Sps,
} from '../codecs/h265.ts';
import { isFirstH265Slice, readH265SliceStart } from '../codecs/h265-slice.ts';
import { recoveryPoint } from '../codecs/sei.ts';
import { type ParameterSetReader, ParameterSets } from './parameter-sets.ts';
import type { PictureReader } from './pictures.ts';

const headerBytes = 2;

const setReader: ParameterSetReader<H265Sps> = {
  kind(header) {
    const type = h265NalType(header);
    if (type === h265Nal.vps) return 'vps';
    return type === h265Nal.sps ? 'sps' : type === h265Nal.pps ? 'pps' : undefined;
  },
  vpsId: h265VpsId,
  sps: parseH265Sps,
  pps: parseH265Pps,
  format: h265Format,
};

/** Separates the pictures of H.265 (ISO/IEC 23008-2, 7.4.2.4). Each field is a picture. */
export class H265Pictures implements PictureReader {
  readonly #sets = new ParameterSets(setReader);
  readonly #slice = { isFirst: false, ppsId: 0 };
  readonly isLoneField = false;
  format: VideoFormat | undefined;

  /** @param sets the parameter sets in the track's description, without start codes */
  constructor(sets: readonly Buffer[]) {
    for (const nal of sets) this.#sets.describe(nal);
  }

  isSlice(header: number): boolean {
    return h265NalType(header) <= h265Nal.lastSlice;
  }

  isFiller(header: number): boolean {
    return h265NalType(header) === h265Nal.filler;
  }

  isInFront(header: number): boolean {
    const type = h265NalType(header);
    return (
      (type >= h265Nal.vps && type <= h265Nal.delimiter) ||
      type === h265Nal.prefixSei ||
      (type >= 41 && type <= 44) ||
      (type >= 48 && type <= 55)
    );
  }

  noteOther(buffer: Buffer, from: number, to: number): void {
    this.#sets.note(buffer, from, to);
  }

  isFirstSlice(buffer: Buffer, from: number, to: number): boolean {
    return to - from > headerBytes && isFirstH265Slice(buffer, from + headerBytes);
  }

  isSecondField(): boolean {
    return false;
  }

  beginPicture(buffer: Buffer, from: number, to: number): void {
    const type = h265NalType(buffer[from]!);
    const hasSlice = readH265SliceStart(type, buffer, from + headerBytes, to, this.#slice);
    this.format = hasSlice ? this.#sets.format(this.#slice.ppsId) : undefined;
  }

  isSyncSlice(header: number): boolean {
    return isH265RandomAccess(h265NalType(header));
  }

  recoveryPictures(buffer: Buffer, from: number, to: number): number | undefined {
    if (h265NalType(buffer[from]!) !== h265Nal.prefixSei) return undefined;
    const number = recoveryPoint(buffer, from + headerBytes, to);
    // Odd numbers encode positive ones (9.2.2).
    return number === undefined ? undefined : number % 2 === 1 ? (number + 1) / 2 : 0;
  }

  hasSkippedLeading(header: number, isStart: boolean): boolean {
    const type = h265NalType(header);
    return (type >= h265Nal.blaFirst && type <= h265Nal.blaLast) || (isStart && type === h265Nal.cra);
  }

  isSkippedLeading(header: number): boolean {
    return isH265SkippedLeading(h265NalType(header));
  }
}
