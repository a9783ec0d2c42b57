// What ffmpeg gives out of a camera whose video clock runs wrong beside that of the sound, without camera or ffmpeg.
import type { FragmentHead } from '../../src/mp4/fragment.ts';
import { readHead } from '../../src/mp4/fragment.ts';
import type { InitSegment, Track } from '../../src/mp4/init-segment.ts';
import { moofOf } from '../../src/mp4/moof.ts';
import type { Sample } from '../../src/mp4/track-fragment.ts';
import { interleaveMs } from '../../src/recording/ffmpeg-args.ts';

const fps = 15;
/** Ticks of a frame of AAC. */
const soundTicks = 1_024;
const fragmentSec = 0.5;
const common = {
  codec: '',
  defaults: { duration: 0, size: 0, flags: 0 },
  presentationShift: 0,
  sampleDescription: Buffer.alloc(0),
};
const video: Track = { id: 1, kind: 'video', timescale: 90_000, ...common };
const sound: Track = { id: 2, kind: 'audio', timescale: 16_000, ...common };

export const reportedInit: InitSegment = { bytes: Buffer.alloc(0), tracks: [video, sound] };

export interface ReportedFragment {
  readonly head: FragmentHead;
  /** When it is complete, in milliseconds since the camera's first picture. */
  readonly atMs: number;
  /** When its first picture and its first sound were taken, in seconds since then. */
  readonly taken: { readonly video: number; readonly audio: number };
}

/**
 * 15 pictures a second, a keyframe each second, and sound. Each report ties the pictures to the sound: between two of
 * them they run away.
 */
export function reportedFragments(options: {
  videoClockRate: number;
  reportEverySec: number;
  seconds: number;
  /** From this report on the video clock is right. Default: never. */
  rightFromSec?: number;
}): ReportedFragment[] {
  const { videoClockRate, reportEverySec, seconds, rightFromSec = Number.POSITIVE_INFINITY } = options;
  const stamps: number[] = [];
  for (let i = 0; i <= seconds * fps; i++) {
    const report = Math.floor(i / fps / reportEverySec) * reportEverySec;
    const rate = report < rightFromSec ? videoClockRate : 1;
    const stamp = Math.round((report + (i / fps - report) * rate) * video.timescale);
    // Time never runs backwards out of ffmpeg.
    stamps.push(Math.max((stamps.at(-1) ?? -1) + 1, stamp));
  }
  const fragments: ReportedFragment[] = [];
  let [first, firstSound] = [0, 0];
  for (let next = 1; next < stamps.length; next++) {
    const end = stamps[next]! / video.timescale;
    if (next % fps !== 0 && end - stamps[first]! / video.timescale < fragmentSec) continue;
    const pictures: Sample[] = stamps.slice(first, next).map((stamp, i) => ({
      ...{ size: 10, compositionOffset: 0, isSync: (first + i) % fps === 0 },
      duration: stamps[first + i + 1]! - stamp,
    }));
    const sounds: Sample[] = [];
    // A picture is known to be whole when the next one begins. Who is ahead waits for the other, sound no longer than so.
    const atSec = Math.max((next + 1) / fps, end);
    const soundEnd = Math.max(end, atSec - interleaveMs / 1_000);
    while (((firstSound + sounds.length) * soundTicks) / sound.timescale < soundEnd)
      sounds.push({ size: 10, compositionOffset: 0, isSync: true, duration: soundTicks });
    const part = (track: Track, decodeTime: number, position: number, samples: Sample[]) => ({
      ...{ track, decodeTime, decodeTimeAt: 0, decodeTimeVersion: 1 },
      chunks: [{ position, samples }],
    });
    const parts = [
      part(video, stamps[first]!, 0, pictures),
      part(sound, firstSound * soundTicks, pictures.length * 10, sounds),
    ].filter(({ chunks }) => chunks[0]!.samples.length > 0);
    const shape = { headerBytes: 8, payloadBytes: (pictures.length + sounds.length) * 10 };
    fragments.push({
      head: readHead(moofOf(parts, shape.headerBytes), shape, reportedInit.tracks),
      atMs: atSec * 1_000,
      taken: { video: first / fps, audio: (firstSound * soundTicks) / sound.timescale },
    });
    first = next;
    firstSound += sounds.length;
  }
  return fragments;
}
