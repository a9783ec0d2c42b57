import type { VideoFormat } from '../codecs/format.ts';
import type { FootageMemory } from '../footage/memory.ts';
import type { AccessUnit } from '../footage/unit.ts';
import { FootageWriter } from '../footage/writer.ts';
import { HeldUnits } from './held-units.ts';
import { MarkerTrust } from './marker-trust.ts';
import type { NalSink } from './nal-units.ts';

/** The differences between H.264 and H.265 in separating pictures. */
export interface PictureReader {
  isSlice(header: number): boolean;
  /** Whether the NAL unit is filler data, which keeps the bit rate constant and can be most of a stream. */
  isFiller(header: number): boolean;
  /** Whether the NAL unit stands before a picture's first slice: delimiter, parameter set, prefix SEI and the like. */
  isInFront(header: number): boolean;
  /** Takes a NAL unit that is no slice: keeps parameter sets and finds recovery points. */
  noteOther(buffer: Buffer, from: number, to: number): void;
  isFirstSlice(buffer: Buffer, from: number, to: number): boolean;
  /** Whether the picture that begins with this slice is the second field of the frame whose first field came last. */
  isSecondField(buffer: Buffer, from: number, to: number): boolean;
  /** Reads a picture's first slice. */
  beginPicture(buffer: Buffer, from: number, to: number): void;
  /** The format of the picture whose first slice was read last; undefined if its parameter sets are not known. */
  readonly format: VideoFormat | undefined;
  /** Whether the picture is one field. Then the other field of its frame may follow. */
  readonly isLoneField: boolean;
  /** Whether a decoder can begin at a slice of this kind. */
  isSyncSlice(header: number): boolean;
  /**
   * Pictures to decode from a recovery point until they are correct; undefined if the NAL unit is no recovery point.
   */
  recoveryPictures(buffer: Buffer, from: number, to: number): number | undefined;
  /** Whether leading pictures of this keyframe refer to pictures before it. */
  hasSkippedLeading(header: number, isStart: boolean): boolean;
  isSkippedLeading(header: number): boolean;
}

/** No real picture has this many NAL units: a limit to memory. */
const mostNals = 2_048;
const mostBytes = 16 * 2 ** 20;

/**
 * Combines NAL units to access units: one picture each, or the two fields of a frame. A unit ends where the first slice
 * of the next picture begins, or before the NAL units that precede that slice. A marker that can be trusted ends it
 * sooner. An incomplete unit is dropped, because players stop at damaged slices.
 */
export class PictureAssembler implements NalSink {
  readonly #reader: PictureReader;
  readonly #writer: FootageWriter;
  readonly #onUnit: (unit: AccessUnit) => void;
  readonly #trust: MarkerTrust;
  /** NAL units that came after a slice. They may belong to the next picture; the next slice shows whether they do. */
  readonly #held = new HeldUnits();

  /** The timestamp and the arrival of the current packet. */
  #timestamp = 0;
  #arrivedAt = 0;
  /** Whether packets were missing since the last slice began. */
  #isAfterLoss = false;

  // What is known of the unit that is being written.
  #hasSlice = false;
  #isDamaged = false;
  #isSync = false;
  #recovery = 0;
  #nals = 0;
  #firstHeader = 0;
  #unitTimestamp = 0;
  #unitArrivedAt = 0;
  #format: VideoFormat | undefined;

  /** The key of the format of the last unit that was delivered. */
  #givenKey: string | undefined;
  #skipsLeading = false;

  constructor(reader: PictureReader, memory: FootageMemory, onUnit: (unit: AccessUnit) => void) {
    this.#reader = reader;
    this.#writer = new FootageWriter(memory);
    this.#onUnit = onUnit;
    this.#trust = new MarkerTrust(() => {
      // While filler data follows the marker, the unit is still open.
      if (!this.#writer.isInNal) this.#finish();
    });
  }

  beginPacket(timestamp: number, arrivedAt: number): void {
    this.#timestamp = timestamp;
    this.#arrivedAt = arrivedAt;
  }

  /** Call it when packets before the next packet are missing. */
  lose(): void {
    this.#isAfterLoss = true;
    this.#held.drop();
    if (this.#trust.isWaiting) this.#finish();
    else if (this.#hasSlice) this.#damage();
    else this.#reset();
  }

  /** @param isOpen whether a NAL unit continues in the next packet */
  endPacket(isMarked: boolean, isOpen: boolean): void {
    if (!isMarked || isOpen || !this.#hasSlice || this.#reader.isLoneField || this.#held.count > 0) return;
    if (this.#trust.mark()) this.#finish();
  }

  isBulk(header: number): boolean {
    return this.#reader.isSlice(header) || this.#reader.isFiller(header);
  }

  whole(buffer: Buffer, from: number, to: number): void {
    if (this.isBulk(buffer[from]!)) {
      this.begin(buffer, from, to);
      this.end();
      return;
    }
    this.#reader.noteOther(buffer, from, to);
    if ((this.#hasSlice || this.#held.count > 0) && this.#reader.isInFront(buffer[from]!)) {
      if (!this.#held.keep(buffer, from, to)) this.#damage();
    } else {
      this.#writeOther(buffer, from, to);
    }
  }

  begin(buffer: Buffer, from: number, to: number): void {
    if (this.#reader.isSlice(buffer[from]!)) this.#beginSlice(buffer, from, to);
    if (!this.#beginNal()) return;
    this.#writer.copy(buffer, from, to);
  }

  more(buffer: Buffer, from: number, to: number): void {
    this.#unitArrivedAt = this.#arrivedAt;
    if (this.#isDamaged) return;
    if (this.#writer.bytes + to - from > mostBytes) this.#damage();
    else this.#writer.copy(buffer, from, to);
  }

  end(): void {
    if (this.#writer.isInNal) this.#writer.endNal();
  }

  close(): void {
    if (this.#trust.isWaiting) this.#finish();
    this.#trust.stopWaiting();
    this.#writer.close();
  }

  #beginSlice(buffer: Buffer, from: number, to: number): void {
    const isFirst = this.#reader.isFirstSlice(buffer, from, to);
    const isAfterLoss = this.#isAfterLoss;
    this.#isAfterLoss = false;
    if (this.#hasSlice) {
      const isOfNext = isFirst
        ? !this.#reader.isSecondField(buffer, from, to)
        : isAfterLoss && this.#timestamp !== this.#unitTimestamp;
      if (isOfNext) {
        this.#trust.confirm();
        this.#finish();
      } else if (!isFirst && !isAfterLoss) {
        this.#trust.contradict();
      }
    } else if (!isFirst && !isAfterLoss) {
      this.#trust.contradict();
    }
    this.#trust.goOn();
    this.#held.release((nal) => this.#writeOther(nal, 0, nal.length));
    if (!this.#hasSlice) this.#beginUnit(buffer, from, to, isFirst);
    if (this.#reader.isSyncSlice(buffer[from]!)) {
      this.#isSync = true;
      this.#recovery = 0;
    }
  }

  #beginUnit(buffer: Buffer, from: number, to: number, isFirst: boolean): void {
    this.#hasSlice = true;
    // Some cameras (Reolink) send parameter sets with the previous picture's timestamp, so the timestamp of the slices
    // is used.
    this.#unitTimestamp = this.#timestamp;
    this.#firstHeader = buffer[from]!;
    if (!isFirst) {
      this.#damage();
      return;
    }
    this.#reader.beginPicture(buffer, from, to);
    this.#format = this.#reader.format;
  }

  #writeOther(buffer: Buffer, from: number, to: number): void {
    const recovery = this.#reader.recoveryPictures(buffer, from, to);
    if (recovery !== undefined) {
      this.#isSync = true;
      this.#recovery = recovery;
    }
    if (!this.#beginNal()) return;
    this.#writer.copy(buffer, from, to);
    this.#writer.endNal();
  }

  /** @returns false if the unit is damaged: then the rest of the unit is not written */
  #beginNal(): boolean {
    this.#unitArrivedAt = this.#arrivedAt;
    if (this.#nals++ >= mostNals || this.#writer.bytes > mostBytes) this.#damage();
    if (this.#isDamaged) return false;
    this.#writer.beginNal();
    return true;
  }

  #damage(): void {
    this.#isDamaged = true;
    this.#held.drop();
    this.#writer.discard();
  }

  #finish(): void {
    this.end();
    if (this.#hasSlice && !this.#isDamaged && this.#isWanted()) {
      this.#givenKey = this.#format!.key;
      this.#onUnit({
        footage: this.#writer.finish(),
        timestamp: this.#unitTimestamp,
        arrivedAt: this.#unitArrivedAt,
        isSync: this.#isSync,
        recoveryPictures: this.#recovery,
        format: this.#format!,
        duration: 0,
      });
    } else {
      this.#writer.discard();
    }
    this.#resetFields();
  }

  /**
   * Whether the unit is passed on. At the start and after a change of format, pictures before the first keyframe cannot
   * be decoded.
   */
  #isWanted(): boolean {
    if (!this.#format) return false;
    const isStart = this.#format.key !== this.#givenKey;
    if (isStart && !this.#isSync) return false;
    if (this.#isSync) this.#skipsLeading = this.#reader.hasSkippedLeading(this.#firstHeader, isStart);
    return !(this.#skipsLeading && this.#reader.isSkippedLeading(this.#firstHeader));
  }

  /** Discards what was written of a unit that has no slice yet. */
  #reset(): void {
    this.#writer.discard();
    this.#resetFields();
  }

  #resetFields(): void {
    this.#trust.stopWaiting();
    this.#hasSlice = false;
    this.#isDamaged = false;
    this.#isSync = false;
    this.#recovery = 0;
    this.#nals = 0;
    this.#format = undefined;
  }
}
