import { plainAacFormat } from '../../codecs/aac.ts';
import type { SoundFormat } from '../../codecs/format.ts';
import { soundCodecs } from '../../codecs/list.ts';
import type { FeedUnit } from '../feed/feed-unit.ts';

/** Turns sound that MP4 cannot hold into AAC, for one recording. */
export interface SoundEncoder {
  /** Takes a copy of the unit's bytes; never throws. */
  push(unit: FeedUnit): void;
  /** Resolves when all that was pushed was emitted, or cannot be. */
  finish(): Promise<void>;
}

/**
 * @param format one of which `whyLeftOut` says nothing
 * @param emit gets frames of AAC whose stamps are of the same clock as those of the units that went in; who keeps one
 *   holds its footage before `emit` returns
 */
export type CreateSoundEncoder = (format: SoundFormat, emit: (unit: FeedUnit) => void) => SoundEncoder;

/** What the encoder takes (@mediabunny/aac-encoder, src/encoder.ts). */
const encodedRates = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];
const mostChannels = 2;
const encoded = new WeakMap<SoundFormat, SoundFormat>();

const isCopied = ({ codec }: SoundFormat) => soundCodecs[codec].inClips === 'COPIED';

/** Why clips are without sound of this format, in words; undefined where they have it. */
export function whyLeftOut(format: SoundFormat): string | undefined {
  const { codecString, sampleRate, channels } = format;
  if (isCopied(format)) return undefined;
  if (!encodedRates.includes(sampleRate))
    return `The camera's sound (${codecString}) has ${sampleRate} samples per second, which AAC cannot have.`;
  if (channels > mostChannels)
    return `The camera's sound (${codecString}) has ${channels} channels; clips have ${mostChannels} at most.`;
  return undefined;
}

/**
 * What the sound is coded as in a clip: itself where MP4 can hold it and browsers can play it, else AAC.
 * @param format one of which `whyLeftOut` says nothing
 */
export function clipFormat(format: SoundFormat): SoundFormat {
  if (isCopied(format)) return format;
  const known = encoded.get(format) ?? plainAacFormat(format.sampleRate, format.channels);
  encoded.set(format, known);
  return known;
}
