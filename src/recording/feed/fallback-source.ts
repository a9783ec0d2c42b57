import type { ReadingFacts } from '../../db/cameras.ts';
import { RtspError } from '../../rtsp/errors.ts';
import { CannotRead, type Source, type SourceEnd } from './source.ts';

/** What keeps Flashback's own reader from a stream that ffmpeg may be able to read. */
function isForFfmpeg(error: unknown): error is Error {
  if (error instanceof CannotRead) return error.isForFfmpeg;
  return error instanceof RtspError && error.kind === 'ENCRYPTED';
}

/** Flashback's own reader, and ffmpeg where that one names a reason for it. */
export class FallbackSource implements Source {
  #present: Source;
  readonly #byFfmpeg: (reason: string) => Source;

  /** @param byFfmpeg makes the connection that ffmpeg reads */
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

  /** Where ffmpeg cannot do it either, both have something to say. */
  async #runFfmpeg(reason: string, signal: AbortSignal): Promise<SourceEnd> {
    try {
      return await this.#present.run(signal);
    } catch (error) {
      throw new Error(`${reason} ${(error as Error).message}`);
    }
  }
}
