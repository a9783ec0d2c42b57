import { resolveObjectURL } from 'node:buffer';

type Listener = (event: { data: unknown }) => void;
interface Init {
  readonly type: 'init';
  readonly data: { readonly numberOfChannels: number };
}
interface Encode {
  readonly type: 'encode';
  readonly data: { readonly ctx: number; readonly audioData: ArrayBuffer; readonly timestamp: number };
}
type Command = Init | Encode | { readonly type: 'flush' };
interface Message {
  readonly id: number;
  readonly command: Command;
}
interface Context {
  readonly ctx: number;
  readonly frameSize: number;
}
interface Answer {
  readonly id: number;
  readonly success: boolean;
  readonly data: Context | { readonly packets: readonly unknown[] };
}

/** The encoder is behind what it is given by so many frames: what was given last comes out with the second of silence. */
const framesBehind = 2;

/**
 * The encoder package starts a thread for each stream: 0.1 s of processor and 6 MiB before the first frame. In this
 * thread all its streams share one instance of the encoder instead, and the encoding context of a stream that is over
 * is used again by the next one of the same kind, since the encoder cannot free contexts. A context that was flushed
 * takes nothing any more (libavcodec's AAC encoder has no AV_CODEC_CAP_ENCODER_FLUSH), so it is given silence instead.
 *
 * It stands in for `Worker`, which the package looks for first, and knows the package's messages
 * (@mediabunny/aac-encoder 1.59, src/shared.ts).
 */
export class SharedWorker {
  static #instance: Promise<(message: Message) => void> | undefined;
  static readonly #calls = new Map<number, (answer: Answer) => void>();
  /** Contexts that no stream uses, with the answers that they began with. */
  static readonly #idle = new Map<string, Context[]>();
  static #newest = 0;

  readonly #send: Promise<(message: Message) => void>;
  #listener: Listener = () => {};
  #kind = '';
  #channels = 0;
  #context: Context | undefined;
  /** The first packet of a context that is used again holds the silence that its last stream ended with. */
  #isUsedAgain = false;

  constructor(url: string) {
    const script = resolveObjectURL(url)!;
    SharedWorker.#instance ??= script.text().then(start);
    this.#send = SharedWorker.#instance;
  }

  addEventListener(_type: 'message', listener: Listener): void {
    this.#listener = listener;
  }

  postMessage({ id, command }: Message): void {
    void this.#answer(command).then((answer) => this.#listener({ data: { ...answer, id } }));
  }

  /** The stream is over, and was flushed. */
  terminate(): void {
    if (!this.#context) return;
    const idle = SharedWorker.#idle.get(this.#kind) ?? [];
    SharedWorker.#idle.set(this.#kind, [...idle, this.#context]);
    this.#context = undefined;
  }

  #answer(command: Command): Promise<Answer> {
    if (command.type === 'init') return this.#init(command);
    return command.type === 'encode' ? this.#encode(command) : this.#flush();
  }

  async #init(command: Init): Promise<Answer> {
    this.#kind = JSON.stringify(command.data);
    this.#channels = command.data.numberOfChannels;
    const idle = SharedWorker.#idle.get(this.#kind)?.pop();
    this.#isUsedAgain = idle !== undefined;
    const answer = idle ? { id: 0, success: true, data: idle } : await this.#call(command);
    // Whoever gets the answer first may hand its bytes on for good.
    if (answer.success) this.#context = structuredClone(answer.data as Context);
    return answer;
  }

  async #encode(command: Encode): Promise<Answer> {
    const answer = await this.#call(command);
    if (!this.#isUsedAgain) return answer;
    this.#isUsedAgain = false;
    return { ...answer, ...(answer.success && { data: { packets: [] } }) };
  }

  async #flush(): Promise<Answer> {
    const { ctx, frameSize } = this.#context!;
    const packets: unknown[] = [];
    for (let i = 0; i < framesBehind; i++) {
      const audioData = new Float32Array(frameSize * this.#channels).buffer;
      const answer = await this.#call({ type: 'encode', data: { ctx, audioData, timestamp: 0 } });
      if (!answer.success) return answer;
      packets.push(...(answer.data as { packets: unknown[] }).packets);
    }
    return { id: 0, success: true, data: { packets } };
  }

  async #call(command: Command): Promise<Answer> {
    const id = ++SharedWorker.#newest;
    const answer = new Promise<Answer>((resolve) => SharedWorker.#calls.set(id, resolve));
    (await this.#send)({ id, command });
    return answer;
  }

  static answered(answer: Answer): void {
    const resolve = SharedWorker.#calls.get(answer.id);
    SharedWorker.#calls.delete(answer.id);
    resolve?.(answer);
  }
}

/** Runs the package's worker script in this thread. @returns what gives it a message */
function start(script: string): (message: Message) => void {
  let receive: Listener = () => {};
  const self = {
    addEventListener: (_type: string, listener: Listener) => {
      receive = listener;
    },
    postMessage: (answer: Answer) => SharedWorker.answered(answer),
  };
  // Its timer only keeps a browser's thread alive.
  new Function('self', 'setInterval', script)(self, () => {});
  return (message) => receive({ data: message });
}
