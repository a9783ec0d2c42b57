import type { ReadingFacts } from '../../db/cameras.ts';
import { CameraError, cameraErrorCode } from '../../domain/camera-errors.ts';
import { RtspError } from '../../rtsp/errors.ts';
import { CannotRead, type Source, type SourceEnd } from './source.ts';

/** Whether Flashback cannot read the stream, but ffmpeg may be able to. */
function isForFfmpeg(error: unknown): error is Error {
  if (error instanceof CannotRead) return error.isForFfmpeg;
  return error instanceof RtspError && error.kind === 'ENCRYPTED';
}

/** Reads a camera with Flashback's own reader, and with ffmpeg if that reader cannot read the stream. */
export class FallbackSource implements Source {
  #present: Source;
  readonly #byFfmpeg: (reason: string) => Source;

  /** @param byFfmpeg makes a connection that ffmpeg reads */
  constructor(own: Source, byFfmpeg: (reason: string) => Source) {
    this.#present = own;
    this.#byFfmpeg = byFfmpeg;
  }

  get facts(): ReadingFacts {
    return this.#present.facts;
  }

  async run(signal: AbortSignal): Promise<SourceEnd> {
    try {
      return await this.#present.run(signal);
    } catch (error) {
      if (!isForFfmpeg(error) || signal.aborted) throw error;
      this.#present = this.#byFfmpeg(error.message);
      return this.#runFfmpeg(error.message, signal);
    }
  }

  tick(now: number): string | undefined {
    return this.#present.tick(now);
  }

  /** If ffmpeg cannot read the stream either, the error names both reasons. */
  async #runFfmpeg(reason: string, signal: AbortSignal): Promise<SourceEnd> {
    try {
      return await this.#present.run(signal);
    } catch (error) {
      throw new CameraError(cameraErrorCode(error), `${reason} ${(error as Error).message}`);
    }
  }
}
