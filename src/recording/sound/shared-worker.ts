import { resolveObjectURL } from 'node:buffer';

type Listener = (event: { data: unknown }) => void;
interface Message {
  readonly id: number;
  readonly command?: { readonly type: string; readonly data: object };
}
interface Answer {
  readonly id: number;
  readonly success: boolean;
  readonly data: { readonly type: string; readonly ctx?: number };
}

/**
 * The encoder package starts a thread for each stream: 0.1 s of processor and 6 MiB before the first frame. In this
 * thread all its streams share one instance of the encoder instead, and the encoding context of a stream that is over
 * is used again by the next one of the same kind, since the encoder can reset contexts but not free them.
 *
 * It stands in for `Worker`, which the package looks for first, and knows of its messages only `init` and its answer
 * (@mediabunny/aac-encoder 1.59, src/shared.ts).
 */
export class SharedWorker {
  static #instance: Promise<(message: Message) => void> | undefined;
  static readonly #calls = new Map<number, { client: SharedWorker; id: number; kind: string }>();
  /** Contexts that no stream uses, with the answers that they began with. */
  static readonly #idle = new Map<string, Answer['data'][]>();
  static #newest = 0;

  readonly #send: Promise<(message: Message) => void>;
  #listener: Listener = () => {};
  #kind = '';
  #context: Answer['data'] | undefined;

  constructor(url: string) {
    const script = resolveObjectURL(url)!;
    SharedWorker.#instance ??= script.text().then(start);
    this.#send = SharedWorker.#instance;
  }

  addEventListener(_type: 'message', listener: Listener): void {
    this.#listener = listener;
  }

  postMessage(message: Message): void {
    const { id, command } = message;
    const kind = command?.type === 'init' ? JSON.stringify(command.data) : '';
    if (kind) this.#kind = kind;
    const idle = kind ? SharedWorker.#idle.get(kind)?.pop() : undefined;
    if (idle) {
      this.#context = idle;
      queueMicrotask(() => this.#listener({ data: { id, success: true, data: idle } }));
      return;
    }
    const call = ++SharedWorker.#newest;
    SharedWorker.#calls.set(call, { client: this, id, kind });
    void this.#send.then((send) => send({ ...message, id: call }));
  }

  /** The stream is over, and was flushed. */
  terminate(): void {
    if (!this.#context) return;
    const idle = SharedWorker.#idle.get(this.#kind) ?? [];
    SharedWorker.#idle.set(this.#kind, [...idle, this.#context]);
    this.#context = undefined;
  }

  static answered(answer: Answer): void {
    const call = SharedWorker.#calls.get(answer.id);
    SharedWorker.#calls.delete(answer.id);
    if (!call) return;
    if (call.kind && answer.success) call.client.#context = copyOf(answer.data);
    call.client.#listener({ data: { ...answer, id: call.id } });
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

/** The answer's bytes may be handed on for good by whoever gets it first. */
const copyOf = (data: Answer['data']): Answer['data'] => structuredClone(data);
