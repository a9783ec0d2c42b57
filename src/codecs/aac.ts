/** AAC: ISO/IEC 14496-3. */
import { BitReader, CodecError } from './bits.ts';
import type { SoundFormat } from './format.ts';

/** Table 1.18, by sampling frequency index. */
const sampleRates = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];
const explicitRate = 15;
/** Table 1.19, by channel configuration; 0 for those that are not defined. */
const channelCounts = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 0, 8];

/** Audio object types (table 1.17). */
const lowComplexity = 2;
const bandReplication = 5;
const parametricStereo = 29;
/** Main, Low Complexity, Scalable Sample Rate and Long Term Prediction have the same configuration and frame length. */
const isPlain = (objectType: number) => objectType >= 1 && objectType <= 4;

/**
 * Reads an AudioSpecificConfig (1.6.2.1).
 * @throws CodecError if it is damaged, or for a kind of AAC that browsers do not play
 */
export function aacFormat(config: Buffer): SoundFormat {
  return readAacConfig(new BitReader(false).open(config, 0, config.length), config);
}

/**
 * Reads an AudioSpecificConfig that may begin and end in the middle of a byte, as in LATM. Afterwards, `bits` stands
 * right behind the AudioSpecificConfig.
 * @param config the bytes of the AudioSpecificConfig, if they are known; otherwise they are made from the bits that
 *   were read
 * @throws CodecError
 */
export function readAacConfig(bits: BitReader, config?: Buffer): SoundFormat {
  const signalled = readObjectType(bits);
  // The rate of the core codec. With spectral band replication, a decoder puts out twice as many samples for each
  // frame.
  const sampleRate = readSampleRate(bits);
  const configuration = bits.bits(4);
  const hasExtension = signalled === bandReplication || signalled === parametricStereo;
  const extensionRate = hasExtension ? readSampleRate(bits) : undefined;
  const objectType = hasExtension ? readObjectType(bits) : signalled;
  if (!isPlain(objectType)) throw new CodecError(`AAC of the audio object type ${objectType} is not known.`);
  const channels = channelCounts[configuration] ?? 0;
  if (channels === 0) throw new CodecError(`The channel configuration ${configuration} of AAC is not known.`);
  const unitSamples = readFrameSamples(bits);
  return {
    kind: 'sound',
    codec: 'aac',
    codecString: `mp4a.40.${signalled}`,
    sampleRate,
    channels,
    config:
      config ?? aacConfig({ signalled, objectType, sampleRate, configuration, extensionRate, unitSamples }),
    unitSamples,
    key: `aac ${signalled} ${objectType} ${sampleRate} ${channels} ${unitSamples}`,
  };
}

/**
 * The audio object type that an AudioSpecificConfig begins with.
 * @throws CodecError
 */
export function aacObjectType(config: Buffer): number {
  return readObjectType(new BitReader(false).open(config, 0, config.length));
}

/** Five bits; after 31, six more bits hold the type minus 32. */
function readObjectType(bits: BitReader): number {
  const type = bits.bits(5);
  return type === 31 ? 32 + bits.bits(6) : type;
}

function readSampleRate(bits: BitReader): number {
  const index = bits.bits(4);
  const rate = index === explicitRate ? bits.bits(24) : sampleRates[index];
  if (!rate) throw new CodecError('The sample rate of AAC is not known.');
  return rate;
}

/** GASpecificConfig (4.4.1) */
function readFrameSamples(bits: BitReader): number {
  const isShort = bits.flag();
  if (bits.flag()) bits.skip(14);
  // extensionFlag: the object types of `isPlain` have no fields in the extension.
  bits.skip(1);
  return isShort ? 960 : 1024;
}

interface ConfigFields {
  readonly signalled?: number;
  readonly objectType: number;
  readonly sampleRate: number;
  readonly configuration: number;
  readonly extensionRate?: number | undefined;
  readonly unitSamples: number;
}

function aacConfig(fields: ConfigFields): Buffer {
  const { objectType, sampleRate, configuration, extensionRate, unitSamples } = fields;
  const signalled = fields.signalled ?? objectType;
  const parts = [bitsOf(signalled, 5), ...rateBits(sampleRate), bitsOf(configuration, 4)];
  if (extensionRate) parts.push(...rateBits(extensionRate), bitsOf(objectType, 5));
  parts.push(unitSamples === 960 ? '1' : '0', '00');
  const text = parts.join('');
  return Buffer.from(text.match(/.{1,8}/g)!.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2)));
}

const bitsOf = (value: number, count: number) => value.toString(2).padStart(count, '0');

function rateBits(rate: number): string[] {
  const index = sampleRates.indexOf(rate);
  return index >= 0 ? [bitsOf(index, 4)] : [bitsOf(explicitRate, 4), bitsOf(rate, 24)];
}

/** The format of AAC-LC with 1024 samples per frame, for sound without a known AudioSpecificConfig. */
export function plainAacFormat(sampleRate: number, channels: number): SoundFormat {
  const configuration = channelCounts.indexOf(channels);
  if (configuration < 1) throw new CodecError(`AAC has no configuration of ${channels} channels.`);
  return aacFormat(aacConfig({ objectType: lowComplexity, sampleRate, configuration, unitSamples: 1024 }));
}

/** The length in bytes of the ADTS header at `from` (1.A.2.2); 0 if no ADTS frame begins there. */
export function adtsHeaderBytes(buffer: Buffer, from: number, to: number): number {
  if (to - from < 7 || buffer[from] !== 0xff || (buffer[from + 1]! & 0xf6) !== 0xf0) return 0;
  const headerBytes = buffer[from + 1]! & 1 ? 7 : 9;
  const rateIndex = (buffer[from + 2]! >> 2) & 0xf;
  const frameBytes = adtsFrameBytes(buffer, from);
  // AAC without headers can begin with the same bits by chance. The number that is read as the frame’s length then hardly
  // fits the buffer.
  return rateIndex < sampleRates.length && frameBytes >= headerBytes && frameBytes <= to - from
    ? headerBytes
    : 0;
}

/** The length in bytes of the ADTS frame at `from`, with its header. */
export function adtsFrameBytes(buffer: Buffer, from: number): number {
  return ((buffer[from + 3]! & 3) << 11) | (buffer[from + 4]! << 3) | (buffer[from + 5]! >> 5);
}

/**
 * Reads the format from the ADTS header at `from`.
 * @throws CodecError
 */
export function adtsFormat(buffer: Buffer, from: number): SoundFormat {
  const word = buffer.readUInt16BE(from + 2);
  const sampleRate = sampleRates[(word >> 10) & 0xf];
  if (!sampleRate) throw new CodecError('The sample rate of AAC is not known.');
  const objectType = (word >> 14) + 1;
  const configuration = (word >> 6) & 7;
  return aacFormat(aacConfig({ objectType, sampleRate, configuration, unitSamples: 1024 }));
}
