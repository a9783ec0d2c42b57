import { plainAacFormat } from '../../codecs/aac.ts';
import type { SoundFormat } from '../../codecs/format.ts';
import { soundCodecs } from '../../codecs/list.ts';
import type { FeedUnit } from '../feed/feed-unit.ts';

/** Encodes sound that MP4 cannot hold as AAC, for one recording. */
export interface SoundEncoder {
  /** Takes a copy of the unit's bytes; never throws. */
  push(unit: FeedUnit): void;
  /** Resolves when everything pushed has been emitted or is lost. */
  finish(): Promise<void>;
}

/**
 * @param format a format for which `whyLeftOut` returns undefined
 * @param emit gets frames of AAC. Their stamps use the clock of the units that were pushed. A caller that keeps a
 *   frame has to hold its footage before `emit` returns
 */
export type CreateSoundEncoder = (format: SoundFormat, emit: (unit: FeedUnit) => void) => SoundEncoder;

/** The sample rates that the encoder takes (@mediabunny/aac-encoder, src/encoder.ts). */
const encodedRates = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];
const mostChannels = 2;
const encoded = new WeakMap<SoundFormat, SoundFormat>();

const isCopied = ({ codec }: SoundFormat) => soundCodecs[codec].inClips === 'COPIED';

/** Why clips leave out sound of this format, as a sentence; undefined if they do not. */
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
 * The format of this sound in a clip: unchanged if MP4 can hold it and browsers can play it, else AAC.
 * @param format a format for which `whyLeftOut` returns undefined
 */
export function clipFormat(format: SoundFormat): SoundFormat {
  if (isCopied(format)) return format;
  const known = encoded.get(format) ?? plainAacFormat(format.sampleRate, format.channels);
  encoded.set(format, known);
  return known;
}
