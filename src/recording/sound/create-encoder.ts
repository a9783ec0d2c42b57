import type { SoundFormat } from '../../codecs/format.ts';
import { soundCodecs } from '../../codecs/list.ts';
import type { CreateSoundEncoder } from './encoder.ts';
import type { EncoderThread } from './encoder-thread.ts';
import { FfmpegDecoder, type FfmpegDecoderOptions } from './ffmpeg-decoder.ts';
import { ThreadEncoder } from './thread-encoder.ts';

export interface SoundEncoderOptions extends FfmpegDecoderOptions {
  readonly thread: EncoderThread;
}

/** Makes encoders. The thread encodes G.711 and L16. Other sound is decoded by ffmpeg first. */
export function soundEncoders(options: SoundEncoderOptions): CreateSoundEncoder {
  const { thread, memory } = options;
  return (format, emit) => {
    const encoder = (format: SoundFormat) => new ThreadEncoder(thread, memory, format, emit);
    const isDecoded = soundCodecs[format.codec].inClips === 'DECODED';
    return isDecoded ? new FfmpegDecoder(options, format, encoder) : encoder(format);
  };
}
