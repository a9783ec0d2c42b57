/** A clip begins with a picture. */
import { box } from './boxes.ts';
import { type Fragment, parseFragment } from './fragment.ts';
import type { Track } from './init-segment.ts';
import { moofOf } from './moof.ts';
import { type Chunk, readTrackFragments, type Sample, type TrackFragment } from './track-fragment.ts';

/**
 * The fragment without the sound that begins before its first picture is shown: a clip has no room for it, as its
 * time begins with that picture, and to move it would put it out of step. Without video it stays as it is.
 */
export function pictureFirst(fragment: Fragment, tracks: readonly Track[]): Fragment {
  const { headerBytes } = fragment.mdatShape;
  const parts = readTrackFragments(fragment.moof, tracks, fragment.mdatShape);
  const video = parts.find(({ track }) => track.kind === 'video');
  if (!video) return fragment;
  const [first] = video.chunks.flatMap((chunk) => chunk.samples);
  const shownAt = (video.decodeTime + (first?.compositionOffset ?? 0)) / video.track.timescale;
  const kept = parts.map((part) => (part === video ? part : without(part, shownAt * part.track.timescale)));

  const payload: Buffer[] = [];
  let position = 0;
  const packed = kept.map((part) => ({
    ...part,
    chunks: part.chunks.map((chunk) => {
      const from = headerBytes + chunk.position;
      const bytes = sizeOf(chunk.samples);
      payload.push(...cut(fragment.mdat, from, from + bytes));
      const at = position;
      position += bytes;
      return { ...chunk, position: at };
    }),
  }));
  return parseFragment(moofOf(packed, 8), [box('mdat', ...payload)], tracks);
}

/** What lies between two places of what these pieces are together. */
function cut(pieces: readonly Buffer[], from: number, to: number): Buffer[] {
  let at = 0;
  return pieces.flatMap((piece) => {
    const begin = at;
    at += piece.length;
    const part = piece.subarray(Math.max(0, from - begin), Math.max(0, to - begin));
    return part.length > 0 ? [part] : [];
  });
}

/** The part from the first sample on that is decoded at or after `ticks`. */
function without(part: TrackFragment, ticks: number): TrackFragment {
  let { decodeTime } = part;
  const chunks: Chunk[] = part.chunks.map(({ position, samples }) => {
    let dropped = 0;
    while (dropped < samples.length && decodeTime < ticks) decodeTime += samples[dropped++]!.duration;
    return { position: position + sizeOf(samples.slice(0, dropped)), samples: samples.slice(dropped) };
  });
  return { ...part, decodeTime, chunks };
}

function sizeOf(samples: readonly Sample[]): number {
  return samples.reduce((sum, sample) => sum + sample.size, 0);
}
