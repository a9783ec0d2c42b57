/** Reads the samples that a `moof` describes: ISO/IEC 14496-12, 8.8. */
import { type Box, boxes, children, Mp4Error, requireBox } from './boxes.ts';
import { Cursor } from './cursor.ts';
import type { SampleDefaults, Track } from './init-segment.ts';

/** One track's part of a fragment (`traf`). */
export interface TrackFragment {
  track: Track;
  /** Ticks of media time at which the first sample is decoded. */
  decodeTime: number;
  /** Where that time stands in the moof, and the version of its box: the time has 32 bits in version 0, 64 in 1. */
  decodeTimeAt: number;
  decodeTimeVersion: number;
  chunks: Chunk[];
}

/** Consecutive samples of one track (`trun`). */
export interface Chunk {
  /** Bytes from the beginning of the mdat's payload. */
  position: number;
  samples: Sample[];
}

export interface Sample {
  /** Bytes. */
  size: number;
  /** Ticks. */
  duration: number;
  /** Ticks from decoding to showing; may be negative. */
  compositionOffset: number;
  /** Whether decoding can begin here. */
  isSync: boolean;
}

/** The mdat that a moof describes. */
export interface MdatShape {
  headerBytes: number;
  payloadBytes: number;
}

/** Ten times the samples of a second of 48 kHz PCM: a larger count means a damaged box. */
const maxSamples = 500_000;
const maxTicks = 0x7fffffff;

/** Flags of `tfhd` (8.8.7). */
const tfhdFlags = {
  baseDataOffset: 0x1,
  sampleDescription: 0x2,
  duration: 0x8,
  size: 0x10,
  flags: 0x20,
  baseIsMoof: 0x20000,
};
/** Flags of `trun` (8.8.8). */
const trunFlags = {
  dataOffset: 0x1,
  firstFlags: 0x4,
  duration: 0x100,
  size: 0x200,
  flags: 0x400,
  composition: 0x800,
};
/** Sample flags (8.8.3.1): sample_is_non_sync_sample. */
const nonSync = 0x10000;

/**
 * Reads a whole `moof` box and checks that every sample lies inside the payload that follows it.
 * @throws Mp4Error if one does not, if a track is not among `tracks`, or if the box is damaged
 */
export function readTrackFragments(moof: Buffer, tracks: readonly Track[], mdat: MdatShape): TrackFragment[] {
  const [root] = boxes(moof);
  if (root?.type !== 'moof') throw new Mp4Error(`Expected a 'moof' box, found '${root?.type ?? 'nothing'}'.`);
  const state: ReadState = {
    payloadAt: moof.length + mdat.headerBytes,
    ...mdat,
    nextData: 0,
    samplesLeft: maxSamples,
  };
  const fragments: TrackFragment[] = [];
  for (const child of children(moof, root)) {
    if (child.type === 'traf') fragments.push(readTraf(moof, child, tracks, state));
  }
  return fragments;
}

/** What is known after one run of samples, for reading the next. */
interface ReadState {
  /** Where the payload begins. Like all data offsets, it is counted from the moof's first byte. */
  payloadAt: number;
  /** The length of the payload in bytes. */
  payloadBytes: number;
  /** Where the previous run's data ended. */
  nextData: number;
  samplesLeft: number;
}

function readTraf(moof: Buffer, traf: Box, tracks: readonly Track[], state: ReadState): TrackFragment {
  const head = readTfhd(moof, requireBox(moof, traf, 'tfhd'), tracks);
  const time = new Cursor(moof, requireBox(moof, traf, 'tfdt'));
  const { version } = time.versionAndFlags();
  const decodeTimeAt = time.at;
  const decodeTime = time.time(version);
  const dataBase = head.baseIsMoof ? 0 : state.nextData;
  const chunks: Chunk[] = [];
  for (const child of children(moof, traf)) {
    if (child.type === 'trun') chunks.push(readTrun(moof, child, head.defaults, dataBase, state));
  }
  return { track: head.track, decodeTime, decodeTimeAt, decodeTimeVersion: version, chunks };
}

function readTfhd(moof: Buffer, tfhd: Box, tracks: readonly Track[]) {
  const fields = new Cursor(moof, tfhd);
  const { flags } = fields.versionAndFlags();
  const id = fields.u32();
  const track = tracks.find((candidate) => candidate.id === id);
  if (!track)
    throw new Mp4Error(`A fragment has samples of track ${id}, which the init segment does not announce.`);
  if (flags & tfhdFlags.baseDataOffset) {
    throw new Mp4Error(
      'A fragment places its data by offsets from the beginning of a file that is not there.',
    );
  }
  if (flags & tfhdFlags.sampleDescription) fields.skip(4);
  const defaults: SampleDefaults = {
    duration: flags & tfhdFlags.duration ? fields.u32() : track.defaults.duration,
    size: flags & tfhdFlags.size ? fields.u32() : track.defaults.size,
    flags: flags & tfhdFlags.flags ? fields.u32() : track.defaults.flags,
  };
  return { track, defaults, baseIsMoof: (flags & tfhdFlags.baseIsMoof) !== 0 };
}

function readTrun(
  moof: Buffer,
  trun: Box,
  defaults: SampleDefaults,
  dataBase: number,
  state: ReadState,
): Chunk {
  const fields = new Cursor(moof, trun);
  const { version, flags } = fields.versionAndFlags();
  const count = fields.u32();
  state.samplesLeft -= count;
  if (state.samplesLeft < 0) throw new Mp4Error(`A fragment states more than ${maxSamples} samples.`);
  // A run without an offset of its own begins where the run before it ends (8.8.8.1).
  const start = flags & trunFlags.dataOffset ? dataBase + fields.i32() : state.nextData || state.payloadAt;
  const firstFlags = flags & trunFlags.firstFlags ? fields.u32() : undefined;
  const samples: Sample[] = [];
  let end = start;
  for (let i = 0; i < count; i++) {
    const sample = readSample(fields, version, flags, defaults, i === 0 ? firstFlags : undefined);
    samples.push(sample);
    end += sample.size;
  }
  const position = start - state.payloadAt;
  if (position < 0 || end - state.payloadAt > state.payloadBytes) {
    const range = `${position} to ${end - state.payloadAt}`;
    throw new Mp4Error(`A fragment has samples at ${range} of ${state.payloadBytes} payload bytes.`);
  }
  state.nextData = end;
  return { position, samples };
}

function readSample(
  fields: Cursor,
  version: number,
  flags: number,
  defaults: SampleDefaults,
  firstFlags: number | undefined,
): Sample {
  const duration = flags & trunFlags.duration ? fields.u32() : defaults.duration;
  const size = flags & trunFlags.size ? fields.u32() : defaults.size;
  const ownFlags = flags & trunFlags.flags ? fields.u32() : defaults.flags;
  const compositionOffset = flags & trunFlags.composition ? readOffset(fields, version) : 0;
  if (duration > maxTicks || compositionOffset > maxTicks) {
    throw new Mp4Error(
      `A sample lasts ${duration} ticks and is shown ${compositionOffset} later, which is impossible.`,
    );
  }
  return { size, duration, compositionOffset, isSync: ((firstFlags ?? ownFlags) & nonSync) === 0 };
}

/** Unsigned in version 0 of `trun`, signed in version 1 (8.8.8.2). */
function readOffset(fields: Cursor, version: number): number {
  return version === 0 ? fields.u32() : fields.i32();
}
