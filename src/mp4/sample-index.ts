import { clipSampleDescription } from './clip-sample-entry.ts';
import type { InitSegment, Track } from './init-segment.ts';
import { readTrackFragments } from './track-fragment.ts';
import { spansOf } from './track-spans.ts';
import { TrackTable } from './track-table.ts';

/**
 * Where every sample of a recording lies and when it is shown. It grows with each fragment (12 to 16 bytes a
 * sample) and yields, at any time, the head of the progressive MP4 made of the payloads added so far.
 */
export class SampleIndex {
  readonly init: InitSegment;
  readonly #tables: TrackTable[];
  #payloadBytes = 0;

  constructor(init: InitSegment) {
    this.init = init;
    this.#tables = init.tracks.map((track) => new TrackTable(track));
  }

  /**
   * Adds a fragment. `mdatPayloadBytes` is the length of its mdat without the header, which has 8 bytes
   * unless `mdatHeaderBytes` says 16. Throws Mp4Error for a faulty moof and then leaves the index as it was.
   */
  add(moof: Buffer, mdatPayloadBytes: number, mdatHeaderBytes = 8): void {
    const shape = { headerBytes: mdatHeaderBytes, payloadBytes: mdatPayloadBytes };
    const parts = readTrackFragments(moof, this.init.tracks, shape).map((part) => ({
      part,
      table: this.#tables[this.init.tracks.indexOf(part.track)]!,
    }));
    for (const { part, table } of parts) table.check(part);
    for (const { part, table } of parts) table.append(part, this.#payloadBytes);
    this.#payloadBytes += mdatPayloadBytes;
  }

  /** The samples of each track that has any, in the order of the init segment. */
  get tables(): readonly TrackTable[] {
    return this.#tables.filter((table) => table.sizes.length > 0);
  }

  /** The tracks that have samples, with the codec that the finished clip states. */
  get tracks(): Track[] {
    return this.tables.map(({ track }) => ({ ...track, ...clipSampleDescription(track) }));
  }

  /** Bytes of all payloads: the length of the finished file's mdat without its header. */
  get payloadBytes(): number {
    return this.#payloadBytes;
  }

  /**
   * The time from the first picture or sound to the end of the last one, in whole milliseconds. 0 while there is none.
   */
  get durationMs(): number {
    return Math.round(spansOf(this.tables).seconds * 1000);
  }
}
