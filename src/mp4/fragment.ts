/** Fragments: a `moof` and the `mdat` it describes, about half a second of footage. */
import { Mp4Error, readBoxHeader } from './boxes.ts';
import type { Track } from './init-segment.ts';
import { type MdatShape, readTrackFragments, type Sample, type TrackFragment } from './track-fragment.ts';

export interface Fragment extends FragmentHead {
  /** The whole mdat box, header included, in pieces that follow each other. */
  mdat: readonly Buffer[];
}

/** All of a fragment but the footage itself. */
export interface FragmentHead {
  moof: Buffer;
  mdatShape: MdatShape;
  /** One for each track that has samples in this fragment. */
  runs: TrackRun[];
  /** True when it has video and a decoder can begin with its first picture. */
  startsWithKeyframe: boolean;
  hasVideo: boolean;
  /** Seconds of media time, in decoding order: of the video where there is any, else of the first run. */
  start: number;
  end: number;
  /** moof and mdat together. */
  bytes: number;
}

/** A track's samples in a fragment. Times are ticks of the track's timescale. */
export interface TrackRun {
  trackId: number;
  kind: Track['kind'];
  timescale: number;
  decodeTime: number;
  duration: number;
  samples: number;
  firstIsSync: boolean;
  /**
   * Where the decode time stands in the moof, and the version of its box: the time has 32 bits in version 0, 64 in 1.
   */
  decodeTimeAt: number;
  decodeTimeVersion: number;
}

/**
 * Reads a fragment from its two whole boxes, the mdat in pieces of which the first holds its header. The buffers are
 * kept, not copied. Throws Mp4Error when the boxes are torn, do not belong together, or hold no sample.
 */
export function parseFragment(moof: Buffer, mdat: readonly Buffer[], tracks: readonly Track[]): Fragment {
  const bytes = mdat.reduce((sum, piece) => sum + piece.length, 0);
  const header = mdat[0] && readBoxHeader(mdat[0], 0);
  if (header?.type !== 'mdat' || header.size !== bytes) {
    throw new Mp4Error(`Expected one whole 'mdat' box of ${bytes} bytes, found '${header?.type ?? 'less'}'.`);
  }
  const { headerBytes } = header;
  const shape = { headerBytes, payloadBytes: bytes - headerBytes };
  return { ...readHead(moof, shape, tracks), mdat };
}

/** Reads what a moof says of the mdat that follows it. Throws Mp4Error as parseFragment does. */
export function readHead(moof: Buffer, mdatShape: MdatShape, tracks: readonly Track[]): FragmentHead {
  const runs = readTrackFragments(moof, tracks, mdatShape)
    .map(toRun)
    .filter((run) => run.samples > 0);
  const video = runs.find((run) => run.kind === 'video');
  const leading = video ?? runs[0];
  if (!leading) throw new Mp4Error('A fragment holds no sample.');
  return {
    moof,
    mdatShape,
    runs,
    startsWithKeyframe: video?.firstIsSync ?? false,
    hasVideo: video !== undefined,
    start: leading.decodeTime / leading.timescale,
    end: (leading.decodeTime + leading.duration) / leading.timescale,
    bytes: moof.length + mdatShape.headerBytes + mdatShape.payloadBytes,
  };
}

function toRun(part: TrackFragment): TrackRun {
  const samples: Sample[] = part.chunks.flatMap((chunk) => chunk.samples);
  return {
    trackId: part.track.id,
    kind: part.track.kind,
    timescale: part.track.timescale,
    decodeTime: part.decodeTime,
    duration: samples.reduce((sum, sample) => sum + sample.duration, 0),
    samples: samples.length,
    firstIsSync: samples[0]?.isSync ?? false,
    decodeTimeAt: part.decodeTimeAt,
    decodeTimeVersion: part.decodeTimeVersion,
  };
}
