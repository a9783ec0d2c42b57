import type { SoundFormat, VideoFormat } from '../codecs/format.ts';
import { buildInit } from '../mp4/build-init.ts';
import type { SampleTimes } from '../mp4/build-moof.ts';
import { buildMoof, type FragmentTrack } from '../mp4/build-moof.ts';
import type { InitSegment, Track } from '../mp4/init-segment.ts';
import { formatOf } from '../mp4/track-format.ts';
import type { GrowingSpools } from '../spool/growing.ts';
import { Spool } from '../spool/spool.ts';
import type { Cut } from './cutter.ts';
import type { FeedUnit } from './feed/feed-unit.ts';
import { type Correction, type FragmentTimes, Placement, type SteadyGap } from './placement.ts';

/** The formats of a file's tracks. Sound is AAC or Opus. */
export interface FileFormats {
  readonly video: VideoFormat;
  readonly sound: SoundFormat | undefined;
}

/** What was recorded of a playback before the server was restarted. */
export interface Leftover {
  readonly file: string;
  /** When the first picture of the file was taken, in epoch milliseconds. */
  readonly startedAt: number;
  /** Where the last complete fragment of the file ends. */
  readonly wholeBytes: number;
  readonly durationSec: number;
  readonly init: InitSegment;
}

/** The properties of a sample that a correction of its times does not change. */
type Sample = Pick<FragmentTrack['samples'][number], 'size' | 'isSync'>;

interface WrittenFragment {
  readonly pictures: readonly Sample[];
  readonly sound: readonly Sample[];
}

/**
 * The samples of this many of the newest fragments are kept, because their boxes may be written again. placement.ts
 * corrects at most 120.
 */
const keptFragments = 128;
/** RTP's clock rate of video (RFC 6184, RFC 7798). */
const videoTimescale = 90_000;

/** A recording's spool, with the times of its samples. Takes fragments without blocking. */
export class RecordingFile {
  readonly formats: FileFormats;
  readonly #tracks: FileTracks;
  readonly #placement: Placement;
  readonly #spool: Spool;
  /** The length of the spool once everything taken so far is written. */
  #bytes: number;
  /** The newest fragments, by their position in the file. */
  readonly #written = new Map<number, WrittenFragment>();

  private constructor(
    tracks: FileTracks,
    formats: FileFormats,
    spool: Spool,
    bytes: number,
    leftover?: { originMs: number; endMs: number },
  ) {
    this.#tracks = tracks;
    this.formats = formats;
    const { pictures, sound } = tracks;
    const timescales = { pictures: pictures.timescale, sound: sound?.timescale ?? 1 };
    this.#placement = new Placement(timescales, leftover);
    this.#spool = spool;
    this.#bytes = bytes;
  }

  /**
   * Makes a new file in the playback's folder.
   * @param startedAt when the first picture was taken, in epoch milliseconds; the file is named after it
   */
  static create(
    growing: GrowingSpools,
    folder: string,
    startedAt: number,
    formats: FileFormats,
  ): RecordingFile {
    const { video, sound } = formats;
    const pictures = { id: 1, timescale: videoTimescale, format: video };
    const sounds = sound && { id: 2, timescale: sound.sampleRate, format: sound };
    const init = buildInit(sounds ? [pictures, sounds] : [pictures]);
    const spool = Spool.create(growing, folder, startedAt, init);
    return new RecordingFile({ pictures, sound: sounds }, formats, spool, init.length);
  }

  /**
   * Continues a file after its last complete fragment.
   * @param beganAt when its first picture was taken, in steady milliseconds
   */
  static reopen(growing: GrowingSpools, leftover: Leftover, beganAt: number): RecordingFile {
    const { file, init, wholeBytes, durationSec } = leftover;
    const tracks = tracksIn(init);
    const { pictures, sound } = tracks;
    const formats = {
      video: formatOf(pictures) as VideoFormat,
      sound: sound && (formatOf(sound) as SoundFormat),
    };
    const reach = { originMs: beganAt, endMs: beganAt + durationSec * 1_000 };
    const spool = Spool.reopen(growing, file, wholeBytes);
    return new RecordingFile(tracks, formats, spool, wholeBytes, reach);
  }

  /** When the first picture was taken, in steady milliseconds, as far as is known by now. */
  get originMs(): number | undefined {
    return this.#placement.originMs;
  }

  /** Why the disk stopped accepting footage; undefined if it did not. */
  get failure(): Error | undefined {
    return this.#spool.failure;
  }

  /**
   * Writes a fragment. From now on the file, and not the caller, has to release its footage.
   * @returns the gap before it, if there is one
   */
  write(cut: Cut): SteadyGap | undefined {
    const at = this.#bytes;
    const sounds = this.#tracks.sound ? cut.sounds : [];
    if (sounds !== cut.sounds) for (const { footage } of cut.sounds) footage.release();
    const fragment = { pictures: cut.pictures.map(sampleOf), sound: sounds.map(sampleOf) };
    const stamps = {
      pictures: cut.pictures.map(({ stamp }) => stamp),
      mayReorder: cut.mayReorder,
      sound: sounds.map(({ stamp: { run, ticks }, duration }) => ({ run, ticks, duration })),
      next: cut.next?.stamp,
    };
    const { times, gap, corrections } = this.#placement.place(stamps, at);
    const { moof, mdatHeader } = this.#moofOf(fragment, times);
    const footage = [...cut.pictures, ...sounds].map((unit) => unit.footage);
    this.#bytes += footage.reduce((sum, { bytes }) => sum + bytes, moof.length + mdatHeader.length);
    this.#keep(at, fragment);
    this.#spool.append([moof, mdatHeader], footage);
    this.#correct(corrections);
    return gap;
  }

  /** Resolves when everything taken so far is written, or cannot be written. */
  written(): Promise<void> {
    return this.#spool.written();
  }

  /**
   * Resolves when the spool is closed and synced.
   * @returns why the disk did not take everything; undefined if it did
   */
  async close(): Promise<Error | undefined> {
    this.#correct(this.#placement.correct());
    await this.#spool.close();
    return this.#spool.failure;
  }

  /** Overwrites boxes of earlier fragments with corrected times. Their sizes stay the same. */
  #correct(corrections: readonly Correction[]): void {
    for (const { at, times } of corrections) {
      const fragment = this.#written.get(at);
      if (fragment) this.#spool.overwrite(at, this.#moofOf(fragment, times).moof);
    }
  }

  #moofOf({ pictures, sound }: WrittenFragment, times: FragmentTimes): { moof: Buffer; mdatHeader: Buffer } {
    const tracks = [];
    if (pictures.length > 0) tracks.push(timed(this.#tracks.pictures.id, pictures, times.pictures));
    if (sound.length > 0) tracks.push(timed(this.#tracks.sound!.id, sound, times.sound));
    return buildMoof(tracks);
  }

  #keep(at: number, fragment: WrittenFragment): void {
    this.#written.set(at, fragment);
    if (this.#written.size > keptFragments) this.#written.delete(this.#written.keys().next().value!);
  }
}

interface FileTracks {
  readonly pictures: Pick<Track, 'id' | 'timescale'>;
  readonly sound: Pick<Track, 'id' | 'timescale'> | undefined;
}

/** @throws Error for a file without pictures, which this program never writes */
function tracksIn({ tracks }: InitSegment) {
  const pictures = tracks.find(({ kind }) => kind === 'video');
  if (!pictures) throw new Error('The spool’s init segment has no track of pictures.');
  return { pictures, sound: tracks.find(({ kind }) => kind === 'audio') };
}

const sampleOf = ({ footage, isSync }: FeedUnit): Sample => ({ size: footage.bytes, isSync });

function timed(id: number, samples: readonly Sample[], times: SampleTimes): FragmentTrack {
  const { decodeTime, durations, compositionOffsets } = times;
  return {
    id,
    decodeTime,
    samples: samples.map(({ size, isSync }, i) => ({
      size,
      isSync,
      duration: durations[i]!,
      compositionOffset: compositionOffsets[i]!,
    })),
  };
}
