/** Writing an init segment: ISO/IEC 14496-12, 8. */
import type { Format } from '../codecs/format.ts';
import { box, fullBox, u32 } from './boxes.ts';
import { sampleEntry } from './sample-entry.ts';

export interface InitTrack {
  /** From 1 on. */
  readonly id: number;
  /** Ticks per second of all the track's times. */
  readonly timescale: number;
  readonly format: Format;
}

const latin1 = (text: string) => Buffer.from(text, 'latin1');
/** The timescale of the movie header. An init segment gives no time in this timescale. */
const movieTimescale = 1000;
const unity = 0x10000;
const matrix = u32(unity, 0, 0, 0, unity, 0, 0, 0, 0x40000000);

/**
 * `ftyp` and `moov` of a fragmented MP4 with these tracks.
 * @throws Mp4Error for sound that clips do not hold as the camera sends it: it has to be encoded first
 */
export function buildInit(tracks: readonly InitTrack[]): Buffer {
  const ftyp = box('ftyp', latin1('iso5'), u32(512), latin1('iso5iso6mp41'));
  const nextId = Math.max(...tracks.map(({ id }) => id)) + 1;
  const defaults = tracks.map(({ id }) => fullBox('trex', 0, 0, u32(id, 1, 0, 0, 0)));
  const moov = box('moov', movieHeader(nextId), ...tracks.map(trackBox), box('mvex', ...defaults));
  return Buffer.concat([ftyp, moov]);
}

/** `mvhd` (8.2.2): created and modified at 0, no duration, normal speed, full volume. */
function movieHeader(nextId: number): Buffer {
  const unused = u32(0, 0, 0, 0, 0, 0);
  return fullBox(
    'mvhd',
    0,
    0,
    u32(0, 0, movieTimescale, 0, unity, 0x01000000, 0, 0),
    matrix,
    unused,
    u32(nextId),
  );
}

function trackBox({ id, timescale, format }: InitTrack): Buffer {
  const isVideo = format.kind === 'video';
  const header = isVideo ? fullBox('vmhd', 0, 1, u32(0, 0)) : fullBox('smhd', 0, 0, u32(0));
  const isInThisFile = 1;
  const dataReference = fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, isInThisFile));
  const tables = box(
    'stbl',
    fullBox('stsd', 0, 0, u32(1), sampleEntry(format)),
    fullBox('stts', 0, 0, u32(0)),
    fullBox('stsc', 0, 0, u32(0)),
    fullBox('stsz', 0, 0, u32(0, 0)),
    fullBox('stco', 0, 0, u32(0)),
  );
  const undetermined = 0x55c40000;
  return box(
    'trak',
    trackHeader(id, format),
    box(
      'mdia',
      fullBox('mdhd', 0, 0, u32(0, 0, timescale, 0, undetermined)),
      handler(isVideo ? 'vide' : 'soun', isVideo ? 'VideoHandler' : 'SoundHandler'),
      box('minf', header, box('dinf', dataReference), tables),
    ),
  );
}

/** `tkhd` (8.3.2). Width and height are those of the picture with square pixels. */
function trackHeader(id: number, format: Format): Buffer {
  const enabledInMovie = 3;
  const volume = format.kind === 'video' ? 0 : 0x01000000;
  let size = u32(0, 0);
  if (format.kind === 'video') {
    const { width, height, pixelAspect } = format;
    const stretch = pixelAspect ? pixelAspect.width / pixelAspect.height : 1;
    size = u32(Math.min(0xffffffff, Math.round(width * stretch * unity)), height * unity);
  }
  return fullBox('tkhd', 0, enabledInMovie, u32(0, 0, id, 0, 0, 0, 0, 0, volume), matrix, size);
}

function handler(type: string, name: string): Buffer {
  return fullBox('hdlr', 0, 0, u32(0), latin1(type), u32(0, 0, 0), latin1(`${name}\0`));
}
