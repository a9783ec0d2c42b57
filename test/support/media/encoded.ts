/** Short streams of every kind that ffmpeg's encoders write, with the configuration that ffmpeg states for each. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { boxes, findBox } from '../../../src/mp4/boxes.ts';
import { unitsOf } from '../../../src/mp4/fragment-units.ts';
import { split } from './fragmented.ts';
import { tools } from './judges.ts';

const run = promisify(execFile);

export interface Encoded {
  /** A fragmented MP4 with one track. */
  readonly bytes: Buffer;
  /** The body of its avcC, hvcC or esds. */
  readonly config: Buffer;
}

/** Encodes a second of a moving picture of 192x108 with these arguments of ffmpeg. */
export function encodedVideo(encode: string): Promise<Encoded> {
  return encoded(`-f lavfi -i testsrc2=size=192x108:rate=24 -frames:v 24 ${encode} -tag:v`, 78);
}

/** Encodes half a second of a tone with these arguments of ffmpeg. */
export function encodedSound(encode: string, sampleRate = 48_000): Promise<Encoded> {
  return encoded(`-f lavfi -i sine=sample_rate=${sampleRate} -t 0.5 ${encode} -tag:a`, 28);
}

/** A second of a tone in ADTS. */
export async function adts(encode: string): Promise<Buffer> {
  const line = `-v error -f lavfi -i sine -t 1 ${encode} -f adts pipe:1`;
  return (await run(tools().ffmpeg, line.split(' '), { encoding: 'buffer' })).stdout;
}

async function encoded(input: string, fieldBytes: number): Promise<Encoded> {
  const tag = input.includes('265') ? 'hvc1' : fieldBytes === 78 ? 'avc1' : 'mp4a';
  const line = `-v error ${input} ${tag} -f mp4 -movflags +frag_keyframe+empty_moov+default_base_moof pipe:1`;
  const { stdout: bytes } = await run(tools().ffmpeg, line.split(' '), {
    encoding: 'buffer',
    maxBuffer: 2 ** 26,
  });
  const stsd = findBox(bytes, ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd'])!;
  const [entry] = boxes(bytes, stsd.body + 8, stsd.end);
  const [config] = boxes(bytes, entry!.body + fieldBytes, entry!.end);
  return { bytes, config: bytes.subarray(config!.body, config!.end) };
}

/** The parameter sets in an avcC. */
export function avcSets(config: Buffer): { sps: Buffer[]; pps: Buffer[] } {
  let at = 5;
  const list = (mask: number) =>
    Array.from({ length: config[at++]! & mask }, () => {
      const length = config.readUInt16BE(at);
      at += 2 + length;
      return config.subarray(at - length, at);
    });
  return { sps: list(31), pps: list(255) };
}

/** The parameter sets in an hvcC. */
export function hevcSets(config: Buffer): { vps: Buffer[]; sps: Buffer[]; pps: Buffer[] } {
  const byType = new Map<number, Buffer[]>();
  let at = 23;
  for (let left = config[22]!; left > 0; left--) {
    const type = config[at]! & 0x3f;
    const count = config.readUInt16BE(at + 1);
    at += 3;
    const units = Array.from({ length: count }, () => {
      const length = config.readUInt16BE(at);
      at += 2 + length;
      return config.subarray(at - length, at);
    });
    byType.set(type, units);
  }
  return { vps: byType.get(32) ?? [], sps: byType.get(33) ?? [], pps: byType.get(34) ?? [] };
}

/** The NAL units of the first fragment's pictures, in order. */
export function nalUnits({ bytes }: Encoded): Buffer[] {
  const [mdat] = [...boxes(bytes)].filter(({ type }) => type === 'mdat');
  const units: Buffer[] = [];
  for (let at = mdat!.body; at < mdat!.end; ) {
    const length = bytes.readUInt32BE(at);
    units.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return units;
}

/** The presentation times of the first fragment's pictures, in ticks, in decoding order. */
export function presentationTimes({ bytes }: Encoded): number[] {
  const { init, fragments } = split(bytes);
  return unitsOf(fragments[0]!, init.tracks).map((unit) => unit.decodeTime + unit.compositionOffset);
}
