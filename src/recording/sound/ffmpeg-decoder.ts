import type { Writable } from 'node:stream';
import type { SoundFormat } from '../../codecs/format.ts';
import type { Ffmpeg } from '../../ffmpeg/binary.ts';
import { type FootageMemory, viewsOf } from '../../footage/memory.ts';
import { FootageWriter } from '../../footage/writer.ts';
import type { Log } from '../../log.ts';
import type { Launcher } from '../../processes/launcher.ts';
import type { FeedUnit } from '../feed/feed-unit.ts';
import type { SoundEncoder } from './encoder.ts';

export interface FfmpegDecoderOptions {
  readonly launcher: Launcher;
  readonly ffmpeg: Pick<Ffmpeg, 'path'>;
  readonly memory: FootageMemory;
  readonly log: Log;
}

const bytesPerSample = 2;
/** After the end of its input, a decoder exits within this time (ms), or is killed. */
const endsWithinMs = 5_000;

/** Decodes G.722, G.726 and MPEG audio with an ffmpeg process of its own, and passes the samples to another encoder. */
export class FfmpegDecoder implements SoundEncoder {
  readonly #format: SoundFormat;
  readonly #decoded: SoundFormat;
  readonly #encoder: SoundEncoder;
  readonly #writer: FootageWriter;
  /** The units whose samples have not come yet, oldest first, without their bytes. */
  readonly #units: Omit<FeedUnit, 'footage' | 'format'>[] = [];
  /** How many bytes of samples have come for the oldest unit. */
  #bytes = 0;
  readonly #input: Promise<Writable | undefined>;
  readonly #end = new AbortController();
  readonly #over: Promise<void>;
  #isOver = false;

  /** @param encoder makes an encoder for the decoded samples */
  constructor(
    options: FfmpegDecoderOptions,
    format: SoundFormat,
    encoder: (decoded: SoundFormat) => SoundEncoder,
  ) {
    this.#format = format;
    this.#decoded = decodedFormat(format);
    this.#encoder = encoder(this.#decoded);
    this.#writer = new FootageWriter(options.memory);
    let begin: (input: Writable | undefined) => void = () => {};
    this.#input = new Promise((resolve) => {
      begin = resolve;
    });
    this.#over = this.#run(options, begin).finally(() => {
      this.#isOver = true;
      begin(undefined);
    });
  }

  push(unit: FeedUnit): void {
    if (this.#isOver) return;
    const { footage, format: _, ...rest } = unit;
    const bytes = Buffer.concat(viewsOf([footage]));
    this.#units.push(rest);
    void this.#input.then((input) => input?.write(bytes));
  }

  async finish(): Promise<void> {
    void this.#input.then((input) => input?.end());
    const kill = setTimeout(() => this.#end.abort('SIGKILL'), endsWithinMs);
    await this.#over;
    clearTimeout(kill);
    this.#writer.close();
    await this.#encoder.finish();
  }

  async #run(
    { launcher, ffmpeg, log }: FfmpegDecoderOptions,
    begin: (input: Writable) => void,
  ): Promise<void> {
    try {
      const { code, stderr } = await launcher.stream('sound', ffmpeg.path, decodeArgs(this.#format), {
        onInput: begin,
        onOutput: (samples) => this.#take(samples),
        end: this.#end.signal,
      });
      if (code !== 0) log.warn({ error: stderr.trim() }, 'ffmpeg cannot decode the sound of a recording');
    } catch (error) {
      log.warn({ error }, 'ffmpeg cannot be run to decode the sound of a recording');
    }
  }

  /** Assigns samples to units. Samples come in the order of the units, but in pieces of any size. */
  #take(samples: Buffer): void {
    let at = 0;
    while (at < samples.length && this.#units.length > 0) {
      const wanted = this.#samplesOf(this.#units[0]!) * this.#decoded.channels * bytesPerSample;
      const to = Math.min(samples.length, at + wanted - this.#bytes);
      this.#writer.copy(samples, at, to);
      this.#bytes += to - at;
      at = to;
      if (this.#bytes < wanted) return;
      const footage = this.#writer.finish();
      this.#encoder.push({ ...this.#units.shift()!, footage, format: this.#decoded });
      footage.release();
      this.#bytes = 0;
    }
  }

  #samplesOf({ duration, stamp }: Pick<FeedUnit, 'duration' | 'stamp'>): number {
    return Math.round((duration * this.#decoded.sampleRate) / stamp.run.track.clockRate);
  }
}

/** The decoded format: L16 at the same sample rate. */
function decodedFormat({ sampleRate, channels }: SoundFormat): SoundFormat {
  return {
    kind: 'sound',
    codec: 'l16',
    codecString: 'l16',
    sampleRate,
    channels,
    config: undefined,
    unitSamples: undefined,
    key: `l16 ${sampleRate} ${channels}`,
  };
}

/** ffmpeg's arguments to decode the sound on stdin into big-endian 16-bit samples on stdout. */
function decodeArgs(format: SoundFormat): string[] {
  const { sampleRate, channels } = format;
  return [
    ...['-hide_banner', '-loglevel', 'error', '-threads', '1'],
    ...['-probesize', '32', '-analyzeduration', '0', ...inputArgs(format), '-i', 'pipe:0'],
    ...['-ac', `${channels}`, '-ar', `${sampleRate}`, '-f', 's16be', '-flush_packets', '1', 'pipe:1'],
  ];
}

/**
 * ffmpeg's arguments for the sound on stdin. In G.726, RFC 3551, 4.5.4 puts the first sample into the lowest bits
 * (`g726le`), and AAL2 into the highest (`g726`).
 */
function inputArgs({ codec, codecString, sampleRate }: SoundFormat): string[] {
  if (codec === 'mp3') return ['-f', 'mp3'];
  if (codec === 'g722') return ['-f', 'g722'];
  const [, isAal2, kbps] = /^(aal2-)?g726-(\d\d)$/.exec(codecString)!;
  const rates = ['-code_size', `${Number(kbps) / 8}`, '-sample_rate', `${sampleRate}`];
  return ['-f', isAal2 ? 'g726' : 'g726le', ...rates];
}
