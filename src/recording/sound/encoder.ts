import { plainAacFormat } from '../../codecs/aac.ts';
import type { SoundFormat } from '../../codecs/format.ts';
import type { FeedUnit } from '../feed/feed-unit.ts';

/** Turns sound that MP4 cannot hold into AAC, for one recording. */
export interface SoundEncoder {
  /** Takes a copy of the unit's bytes; never throws. */
  push(unit: FeedUnit): void;
  /** Resolves when all that was pushed was emitted. */
  finish(): Promise<void>;
}

/**
 * @param emit gets frames of AAC whose stamps are of the same clock as those of the units that went in; who keeps one
 *   holds its footage before `emit` returns
 */
export type CreateSoundEncoder = (format: SoundFormat, emit: (unit: FeedUnit) => void) => SoundEncoder;

const encoded = new WeakMap<SoundFormat, SoundFormat>();

/** What the sound is coded as in a clip: itself where MP4 can hold it and browsers can play it, else AAC. */
export function clipFormat(format: SoundFormat): SoundFormat {
  if (format.codec === 'aac' || format.codec === 'opus') return format;
  const known = encoded.get(format) ?? plainAacFormat(format.sampleRate, format.channels);
  encoded.set(format, known);
  return known;
}
