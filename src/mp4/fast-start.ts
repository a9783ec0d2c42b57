/** The beginning of a progressive MP4, which can be played while it is being downloaded. */
import { box, u32, u64 } from './boxes.ts';
import { movieBox } from './movie-box.ts';
import type { SampleIndex } from './sample-index.ts';

/**
 * Everything of the finished clip that comes before its payload: `ftyp`, `moov` and the header of `mdat`.
 * This, followed by the payloads of all added fragments in their order, is the clip.
 */
export function fastStartHead(index: SampleIndex): Buffer {
  const ftyp = fileTypeBox(index);
  const mdat = mdatHeader(index.payloadBytes);
  let payloadOffset = ftyp.length + mdat.length;
  // The moov states where the payload begins, which depends on the length of the moov. That length changes only when an
  // offset grows beyond 4 GiB, and never back: so this ends after two or three rounds.
  for (;;) {
    const head = Buffer.concat([ftyp, movieBox(index, payloadOffset), mdat]);
    if (head.length === payloadOffset) return head;
    payloadOffset = head.length;
  }
}

/** A clip's bytes before and after its payload. */
export interface ClipFrame {
  readonly head: Buffer;
  /** Empty, or the `moov` that the head has no room for. */
  readonly tail: Buffer;
}

/**
 * What comes before and after the payload if the head has exactly `headBytes`, a size that was fixed before the footage
 * was complete. A `free` box (ISO/IEC 14496-12, 8.1.2) fills what the `moov` leaves.
 * @param payloadBytes the size of the `mdat`'s payload; bytes after the indexed payload are not played
 */
export function clipFrame(
  index: SampleIndex,
  headBytes: number,
  payloadBytes = index.payloadBytes,
): ClipFrame {
  const ftyp = fileTypeBox(index);
  const mdat = mdatHeader(payloadBytes);
  const moov = movieBox(index, headBytes);
  const room = headBytes - ftyp.length - mdat.length;
  const left = room - moov.length;
  if (left === 0 || left >= freeHeaderBytes) {
    return { head: Buffer.concat([ftyp, moov, freeBox(left), mdat]), tail: Buffer.alloc(0) };
  }
  return { head: Buffer.concat([ftyp, freeBox(room), mdat]), tail: moov };
}

const freeHeaderBytes = 8;

function freeBox(bytes: number): Buffer {
  return bytes === 0 ? Buffer.alloc(0) : box('free', Buffer.alloc(bytes - freeHeaderBytes));
}

/**
 * `ftyp` (ISO/IEC 14496-12, 4.3). `isom` and `iso2` are the brands of the base format (Annex E), `mp41` that
 * of MP4 itself, `avc1` says that H.264 is inside and `iso4` that `ctts` may be signed. H.265 has no brand of
 * its own here: its sample entry names it. The length depends on the codec alone, whatever footage comes.
 */
function fileTypeBox(index: SampleIndex): Buffer {
  const brands = ['isom', 'iso2'];
  if (index.tracks.some(({ codec }) => codec.startsWith('avc'))) brands.push('avc1');
  brands.push('iso4', 'mp41');
  const minorVersion = 512;
  return box(
    'ftyp',
    Buffer.from('isom', 'latin1'),
    u32(minorVersion),
    Buffer.from(brands.join(''), 'latin1'),
  );
}

/** The header of `mdat`, always with a 64-bit size: one form for clips of every length (4.2). */
function mdatHeader(payloadBytes: number): Buffer {
  const headerBytes = 16;
  return Buffer.concat([u32(1), Buffer.from('mdat', 'latin1'), u64(headerBytes + payloadBytes)]);
}
