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

/** The delay of the encoder in frames. The last frames come out when silence is added at the end. */
const framesBehind = 2;

/**
 * Stands in for `Worker` in the encoder package, which starts a thread for each stream: 0.1 s of processor time and 6
 * MiB before the first frame. Here all streams of this thread share one instance of the encoder instead. The encoder
 * cannot free contexts, so the context of an ended stream is reused by the next stream of the same kind. A flushed
 * context takes no more input (libavcodec's AAC encoder has no AV_CODEC_CAP_ENCODER_FLUSH), so silence is encoded
 * instead of a flush.
 *
 * The package looks for `Worker` first. This class relies on the package's messages (@mediabunny/aac-encoder 1.59,
 * src/shared.ts).
 */
export class SharedWorker {
  static #instance: Promise<(message: Message) => void> | undefined;
  static readonly #calls = new Map<number, (answer: Answer) => void>();
  /** Contexts that no stream uses, with the answers to their `init`. */
  static readonly #idle = new Map<string, Context[]>();
  static #newest = 0;

  readonly #send: Promise<(message: Message) => void>;
  #listener: Listener = () => {};
  #kind = '';
  #channels = 0;
  #context: Context | undefined;
  /** Whether the context is reused. Then its first packet holds the silence from the end of the last stream. */
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

  /** Keeps the context of a stream that has ended and was flushed. */
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
    // The receiver of the answer may transfer its bytes, so they are copied.
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

/**
 * Runs the package's worker script in this thread.
 * @returns a function that passes it a message
 */
function start(script: string): (message: Message) => void {
  let receive: Listener = () => {};
  const self = {
    addEventListener: (_type: string, listener: Listener) => {
      receive = listener;
    },
    postMessage: (answer: Answer) => SharedWorker.answered(answer),
  };
  // The script gets a `setInterval` that does nothing: its timer only keeps a browser's thread alive.
  new Function('self', 'setInterval', script)(self, () => {});
  return (message) => receive({ data: message });
}
