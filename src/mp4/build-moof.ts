/** Writing a fragment's `moof`: ISO/IEC 14496-12, 8.8. */
import { Mp4Error } from './boxes.ts';

/** The times of one track's samples in a fragment, in ticks of its timescale. */
export interface SampleTimes {
  readonly decodeTime: number;
  readonly durations: readonly number[];
  readonly compositionOffsets: readonly number[];
}

/** A track's part of a fragment. Times are ticks of the track's timescale. */
export interface FragmentTrack {
  readonly id: number;
  /** When the first sample is decoded. */
  readonly decodeTime: number;
  /** In decoding order, which is also the order of their bytes in the mdat. */
  readonly samples: readonly FragmentSample[];
}

export interface FragmentSample {
  /** Bytes. */
  readonly size: number;
  readonly duration: number;
  /** From decoding to showing; may be negative. */
  readonly compositionOffset: number;
  /** Whether decoding can begin here. */
  readonly isSync: boolean;
}

/** Sample flags (8.8.3.1): depends on no other sample; depends on others and is no sync sample. */
const syncFlags = 0x2000000;
const otherFlags = 0x1010000;
const defaultBaseIsMoof = 0x20000;
/** `trun` with an offset of its data and all four fields of each sample; version 1 has signed composition offsets. */
const runFlags = 0x1000f01;

const boxHeader = 8;
const movieFragmentHeader = 16;
const trackFragmentHeader = 16;
const decodeTimeBox = 20;
const runHeader = 20;
const sampleFields = 16;
const wordLimit = 2 ** 32;

/** The four characters of a box type, as a number of 32 bits. */
const typeOf = (name: string) => Buffer.from(name, 'latin1').readUInt32BE(0);
const [moofType, mfhdType, trafType, tfhdType, tfdtType, trunType, mdatType] = [
  ...['moof', 'mfhd', 'traf', 'tfhd', 'tfdt', 'trun', 'mdat'].map(typeOf),
] as [number, number, number, number, number, number, number];

/**
 * The `moof` of these tracks' samples, and the header of the `mdat` after it. The payload of the mdat is the first
 * track's samples, then those of the next track. The length of the moof depends only on the numbers of samples: so a
 * fragment in a file can be given other times later.
 * @throws Mp4Error if the samples have more than 4 GiB
 */
export function buildMoof(tracks: readonly FragmentTrack[]): { moof: Buffer; mdatHeader: Buffer } {
  const moofBytes = tracks.reduce((sum, track) => sum + trafBytes(track), boxHeader + movieFragmentHeader);
  const buf = Buffer.allocUnsafe(moofBytes + boxHeader);
  buf.writeUInt32BE(moofBytes, 0);
  buf.writeUInt32BE(moofType, 4);
  buf.writeUInt32BE(movieFragmentHeader, 8);
  buf.writeUInt32BE(mfhdType, 12);
  buf.writeUInt32BE(0, 16);
  buf.writeUInt32BE(1, 20);
  let at = boxHeader + movieFragmentHeader;
  let dataAt = moofBytes + boxHeader;
  for (const track of tracks) {
    dataAt = writeTraf(buf, at, track, dataAt);
    at += trafBytes(track);
  }
  const mdatBytes = dataAt - moofBytes;
  if (dataAt >= wordLimit) throw new Mp4Error(`A fragment has ${dataAt} bytes.`);
  buf.writeUInt32BE(mdatBytes, at);
  buf.writeUInt32BE(mdatType, at + 4);
  return { moof: buf.subarray(0, moofBytes), mdatHeader: buf.subarray(moofBytes) };
}

const trafBytes = ({ samples }: FragmentTrack) =>
  boxHeader + trackFragmentHeader + decodeTimeBox + runHeader + samples.length * sampleFields;

/** @returns where the data of the next track begins */
function writeTraf(buf: Buffer, start: number, track: FragmentTrack, dataAt: number): number {
  const { id, decodeTime, samples } = track;
  let at = start;
  const word = (value: number) => {
    at = buf.writeUInt32BE(value, at);
  };
  word(trafBytes(track));
  word(trafType);
  word(trackFragmentHeader);
  word(tfhdType);
  word(defaultBaseIsMoof);
  word(id);
  word(decodeTimeBox);
  word(tfdtType);
  word(0x1000000);
  word(Math.floor(decodeTime / wordLimit));
  word(decodeTime % wordLimit);
  word(runHeader + samples.length * sampleFields);
  word(trunType);
  word(runFlags);
  word(samples.length);
  word(dataAt);
  let end = dataAt;
  for (const { size, duration, compositionOffset, isSync } of samples) {
    at = buf.writeUInt32BE(duration, at);
    at = buf.writeUInt32BE(size, at);
    at = buf.writeUInt32BE(isSync ? syncFlags : otherFlags, at);
    at = buf.writeInt32BE(compositionOffset, at);
    end += size;
  }
  return end;
}
