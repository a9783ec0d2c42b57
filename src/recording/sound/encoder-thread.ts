import { Worker } from 'node:worker_threads';
import type { Log } from '../../log.ts';
import type { SoundAnswer, SoundRequest } from './thread.ts';

const isSource = import.meta.url.endsWith('.ts');
const program = new URL(`thread${isSource ? '.ts' : '.js'}`, import.meta.url);
/** A failed thread is replaced, at most once in this time (ms). */
const restartMs = 2_000;

export interface ThreadUser {
  take(answer: SoundAnswer): void;
  /** Called when the thread has failed. Everything sent to it is lost. */
  lost(): void;
}

/** The thread that encodes the sound of all recordings. It is started with the first encoder. */
export class EncoderThread {
  readonly #log: Log;
  readonly #users = new Map<number, ThreadUser>();
  #worker: Worker | undefined;
  #startedAt = Number.NEGATIVE_INFINITY;
  #newest = 0;

  constructor({ log }: { log: Log }) {
    this.#log = log;
  }

  /** Whether there is a thread, or one may be started. */
  get isUsable(): boolean {
    return this.#worker !== undefined || performance.now() - this.#startedAt >= restartMs;
  }

  /** @returns the user's number in requests */
  enter(user: ThreadUser): number {
    const encoder = ++this.#newest;
    this.#users.set(encoder, user);
    return encoder;
  }

  leave(encoder: number): void {
    this.#users.delete(encoder);
    if (this.#worker) this.send({ encoder, close: true });
  }

  send(request: SoundRequest): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(request);
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    this.#startedAt = performance.now();
    const worker = new Worker(program, { env: {}, ...(isSource && { execArgv: readsTypeScript() }) });
    worker.on('message', (answer: SoundAnswer) => {
      if (answer.problem) this.#log.warn({ error: answer.problem }, 'sound cannot be encoded');
      this.#users.get(answer.encoder)?.take(answer);
    });
    worker.on('error', (error) => this.#log.error({ error }, 'the thread that encodes sound has failed'));
    worker.on('exit', () => {
      this.#worker = undefined;
      for (const user of this.#users.values()) user.lost();
    });
    return worker;
  }
}

/** Options for a thread that is started from source: `--import tsx` has no effect outside the main thread. */
function readsTypeScript(): string[] {
  const api = import.meta.resolve('tsx/esm/api');
  return ['--import', `data:text/javascript,import { register } from '${api}'; register();`];
}
