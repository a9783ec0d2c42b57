import type { VideoFormat } from '../codecs/format.ts';
import type { FootageMemory } from '../footage/memory.ts';
import type { AccessUnit } from '../footage/unit.ts';
import { FootageWriter } from '../footage/writer.ts';
import { HeldUnits } from './held-units.ts';
import { MarkerTrust } from './marker-trust.ts';
import type { NalSink } from './nal-units.ts';

/** What differs between H.264 and H.265 when pictures are told apart. */
export interface PictureReader {
  isSlice(header: number): boolean;
  /** Bytes without meaning that keep a bit rate constant: where a camera sends them, they are most of the stream. */
  isFiller(header: number): boolean;
  /** Stands in front of a picture's first slice: delimiter, parameter set, prefix SEI and the like. */
  isInFront(header: number): boolean;
  /** Keeps parameter sets, looks for recovery points. */
  noteOther(buffer: Buffer, from: number, to: number): void;
  isFirstSlice(buffer: Buffer, from: number, to: number): boolean;
  /** A first slice is the second field of the frame whose first field came last. */
  isSecondField(buffer: Buffer, from: number, to: number): boolean;
  /** Reads a picture's first slice. */
  beginPicture(buffer: Buffer, from: number, to: number): void;
  /** Of the picture whose first slice was read last; undefined where its parameter sets are not known. */
  readonly format: VideoFormat | undefined;
  /** It is one field, and the other one may follow. */
  readonly isLoneField: boolean;
  /** A slice of this kind says that a decoder can begin. */
  isSyncSlice(header: number): boolean;
  /** Pictures to decode from a recovery point until all is right; undefined where the NAL unit says none. */
  recoveryPictures(buffer: Buffer, from: number, to: number): number | undefined;
  /** Leading pictures of this one refer to what came before it. */
  hasSkippedLeading(header: number, isStart: boolean): boolean;
  isSkippedLeading(header: number): boolean;
}

/** What no real picture has: who sends more wants our memory. */
const mostNals = 2_048;
const mostBytes = 16 * 2 ** 20;

/**
 * Puts NAL units together to access units: one picture each, or the two fields of a frame. A unit ends where the first
 * slice of the next picture begins; what stands in front of that slice goes with it. The marker lets a unit end sooner
 * while it deserves trust. A unit that is not whole is dropped: players stop at torn slices.
 */
export class PictureAssembler implements NalSink {
  readonly #reader: PictureReader;
  readonly #writer: FootageWriter;
  readonly #onUnit: (unit: AccessUnit) => void;
  readonly #trust: MarkerTrust;
  /** NAL units behind a slice of which the next slice tells whether they belong to the next picture. */
  readonly #held = new HeldUnits();

  /** Of the packet that is being read. */
  #timestamp = 0;
  #arrivedAt = 0;
  /** Packets were missing since the last slice began. */
  #isAfterLoss = false;

  /** Of the unit that is being written. */
  #hasSlice = false;
  #isDamaged = false;
  #isSync = false;
  #recovery = 0;
  #nals = 0;
  #firstHeader = 0;
  #unitTimestamp = 0;
  #unitArrivedAt = 0;
  #format: VideoFormat | undefined;

  /** Of the last unit that was given out. */
  #givenKey: string | undefined;
  #skipsLeading = false;

  constructor(reader: PictureReader, memory: FootageMemory, onUnit: (unit: AccessUnit) => void) {
    this.#reader = reader;
    this.#writer = new FootageWriter(memory);
    this.#onUnit = onUnit;
    this.#trust = new MarkerTrust(() => {
      // Filler data behind the marker is still coming.
      if (!this.#writer.isInNal) this.#finish();
    });
  }

  beginPacket(timestamp: number, arrivedAt: number): void {
    this.#timestamp = timestamp;
    this.#arrivedAt = arrivedAt;
  }

  /** Packets are missing in front of the one that comes next. */
  lose(): void {
    this.#isAfterLoss = true;
    this.#held.drop();
    if (this.#trust.isWaiting) this.#finish();
    else if (this.#hasSlice) this.#damage();
    else this.#reset();
  }

  /** @param isOpen a NAL unit goes on in the next packet */
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
    // Parameter sets can carry the timestamp of the picture before (Reolink): the slices' one counts.
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

  /** False where the unit is damaged, so that nothing more of it is written. */
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

  /** What comes before the first picture that a decoder can begin at is of no use, at the start and at a new format. */
  #isWanted(): boolean {
    if (!this.#format) return false;
    const isStart = this.#format.key !== this.#givenKey;
    if (isStart && !this.#isSync) return false;
    if (this.#isSync) this.#skipsLeading = this.#reader.hasSkippedLeading(this.#firstHeader, isStart);
    return !(this.#skipsLeading && this.#reader.isSkippedLeading(this.#firstHeader));
  }

  /** Forgets what was written of a unit that has no slice yet. */
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
