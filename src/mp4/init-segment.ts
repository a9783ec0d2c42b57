/**
 * The init segment of a fragmented MP4: `ftyp` and `moov`, which say what tracks there are but hold no
 * samples.
 */
import { type Box, children, findBox, Mp4Error, requireBox } from './boxes.ts';
import { codecString, entryFieldBytes } from './codec-string.ts';
import { Cursor } from './cursor.ts';

/** The init segment's bytes, and their content. */
export interface InitSegment {
  bytes: Buffer;
  tracks: Track[];
}

export interface Track {
  id: number;
  kind: 'video' | 'audio';
  /** Ticks per second of all the track's times. */
  timescale: number;
  /** RFC 6381: `avc1.64001f`, `hvc1.1.6.L93.B0`, `mp4a.40.2`, `opus`. */
  codec: string;
  /** Pixels of the coded picture. */
  width?: number;
  height?: number;
  /** A sample's defaults, if its fragment does not give them (`trex`, 8.8.3). */
  defaults: SampleDefaults;
  /**
   * Ticks to add to a media time to get the time at which it is shown, by the init segment's own edit list. Negative if
   * the sound of an encoder's start is to be skipped; 0 without an edit list.
   */
  presentationShift: number;
  /** The track's `stsd` box, a view of the init segment's bytes. */
  sampleDescription: Buffer;
}

export interface SampleDefaults {
  duration: number;
  size: number;
  flags: number;
}

const kinds: Record<string, Track['kind'] | undefined> = { vide: 'video', soun: 'audio' };

/**
 * Reads `ftyp` + `moov`. Throws Mp4Error when there is no movie, no track, or a track that cannot be
 * recorded.
 */
export function parseInit(bytes: Buffer): InitSegment {
  const moov = findBox(bytes, ['moov']);
  if (!moov) throw new Mp4Error("The init segment has no 'moov' box.");
  const movieTimescale = readTimescale(bytes, requireBox(bytes, moov, 'mvhd'));
  const defaults = readDefaults(bytes, moov);
  const tracks: Track[] = [];
  for (const child of children(bytes, moov)) {
    if (child.type === 'trak') tracks.push(readTrack(bytes, child, movieTimescale, defaults));
  }
  if (tracks.length === 0) throw new Mp4Error('The init segment announces no track at all.');
  return { bytes, tracks };
}

/** The picture size as `1920x1080`; undefined for audio. */
export function resolution(track: Track): string | undefined {
  return track.width && track.height ? `${track.width}x${track.height}` : undefined;
}

function readTrack(
  buf: Buffer,
  trak: Box,
  movieTimescale: number,
  defaults: Map<number, SampleDefaults>,
): Track {
  const id = readTrackId(buf, requireBox(buf, trak, 'tkhd'));
  const kind = readKind(buf, requireBox(buf, trak, 'mdia', 'hdlr'), id);
  const timescale = readTimescale(buf, requireBox(buf, trak, 'mdia', 'mdhd'));
  const stsd = requireBox(buf, trak, 'mdia', 'minf', 'stbl', 'stsd');
  const entry = firstSampleEntry(buf, stsd);
  return {
    id,
    kind,
    timescale,
    codec: codecString(buf, entry, entryFieldBytes[kind]),
    ...(kind === 'video' ? readPictureSize(buf, entry) : {}),
    defaults: defaults.get(id) ?? { duration: 0, size: 0, flags: 0 },
    presentationShift: readPresentationShift(buf, trak, timescale / movieTimescale),
    sampleDescription: buf.subarray(stsd.start, stsd.end),
  };
}

/** The track's id from its `tkhd` (8.3.2), where it follows two times. */
export function readTrackId(buf: Buffer, tkhd: Box): number {
  return afterTwoTimes(buf, tkhd).u32();
}

/** `mvhd` (8.2.2) and `mdhd` (8.4.2) have the timescale where `tkhd` has the id. */
function readTimescale(buf: Buffer, header: Box): number {
  const timescale = afterTwoTimes(buf, header).u32();
  if (timescale === 0) throw new Mp4Error(`Box '${header.type}' states 0 ticks per second.`);
  return timescale;
}

function afterTwoTimes(buf: Buffer, header: Box): Cursor {
  const fields = new Cursor(buf, header);
  const { version } = fields.versionAndFlags();
  fields.time(version);
  fields.time(version);
  return fields;
}

function readKind(buf: Buffer, hdlr: Box, id: number): Track['kind'] {
  const fields = new Cursor(buf, hdlr);
  fields.skip(8);
  const handler = fields.bytes(4).toString('latin1');
  const kind = kinds[handler];
  if (!kind)
    throw new Mp4Error(`Track ${id} has the handler '${handler}'; only video and audio can be recorded.`);
  return kind;
}

function firstSampleEntry(buf: Buffer, stsd: Box): Box {
  for (const entry of children(buf, stsd, 8)) return entry;
  throw new Mp4Error("Box 'stsd' has no sample entry.");
}

function readPictureSize(buf: Buffer, entry: Box): { width: number; height: number } {
  const fields = new Cursor(buf, entry);
  fields.skip(24);
  return { width: fields.u16(), height: fields.u16() };
}

function readDefaults(buf: Buffer, moov: Box): Map<number, SampleDefaults> {
  const byTrack = new Map<number, SampleDefaults>();
  const mvex = requireBox(buf, moov, 'mvex');
  for (const child of children(buf, mvex)) {
    if (child.type !== 'trex') continue;
    const fields = new Cursor(buf, child);
    fields.skip(4);
    const id = fields.u32();
    fields.skip(4);
    byTrack.set(id, { duration: fields.u32(), size: fields.u32(), flags: fields.u32() });
  }
  return byTrack;
}

/**
 * Edit list (8.6.6): empty edits delay the track, and the first other edit names the media time that is shown then.
 * Encoders write no more than that; later edits could not apply to a recording that continues.
 */
function readPresentationShift(buf: Buffer, trak: Box, ticksPerMovieTick: number): number {
  const elst = findBox(buf, ['edts', 'elst'], trak.body, trak.end);
  if (!elst) return 0;
  const fields = new Cursor(buf, elst);
  const { version } = fields.versionAndFlags();
  let delay = 0;
  for (let left = fields.u32(); left > 0; left--) {
    const duration = fields.time(version);
    const mediaTime = version === 0 ? fields.i32() : readLargeMediaTime(fields);
    fields.skip(4);
    if (mediaTime >= 0) return Math.round(delay * ticksPerMovieTick) - mediaTime;
    delay += duration;
  }
  return 0;
}

/** A signed 64-bit media time: either -1 for an empty edit or a time that is not negative. */
function readLargeMediaTime(fields: Cursor): number {
  const high = fields.i32();
  const low = fields.u32();
  return high < 0 ? -1 : high * 2 ** 32 + low;
}
