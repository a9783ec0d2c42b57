import { connect } from 'node:net';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ChildProcess, Children, RunOptions, RunResult } from './children.ts';

/**
 * Starts processes from a small helper process. To start a process, the kernel copies the page tables of the process
 * that starts it. With half a gigabyte of footage in memory, that copy blocks the server for 30 ms, and page faults
 * cost three times as much afterwards, because each page has to be made writable again. A small process takes 1 ms.
 */
export interface Launcher {
  /** Like `Children.run`. */
  run: Children['run'];
  /**
   * Runs a command and passes its output on as it comes. Resolves when the command has ended and all of its output has
   * been passed on.
   * @throws Error when the command cannot be started, or the helper process died
   */
  stream(label: string, file: string, args: readonly string[], options: StreamOptions): Promise<StreamEnd>;
  close(): Promise<void>;
}

export interface StreamOptions {
  /** Gets each piece of output. The bytes are valid only until the function returns. */
  readonly onOutput: (bytes: Buffer) => void;
  /** Gets the command's stdin once the command runs, and must end it. Left out: the command has no stdin. */
  readonly onInput?: (input: Writable) => void;
  /**
   * When aborted, the command is asked to end and killed 2 s later; with the abort reason 'SIGKILL', killed at once.
   */
  readonly end: AbortSignal;
}

export type StreamEnd = Pick<RunResult, 'code' | 'signal' | 'stderr'>;

/** A message to the helper process (launcher-process.ts). */
export type LauncherRequest = LauncherCommand | { readonly id: number; readonly stop: 'end' | 'kill' };

export interface LauncherCommand {
  readonly id: number;
  readonly label: string;
  readonly file: string;
  readonly args: readonly string[];
  /** undefined: the command's output is streamed. */
  readonly options?: Omit<RunOptions, 'signal'>;
  /** Whether bytes written to the output connection become the command's stdin. */
  readonly hasInput?: boolean;
}

/** A message from the helper process. The first one names the socket that it listens on. */
export type LauncherAnswer =
  | { readonly socket: string }
  /** A streamed command has started. */
  | { readonly id: number; readonly runs: true }
  | { readonly id: number; readonly result: RunResult }
  | { readonly id: number; readonly problem: string };

/** How long closing may take: longer than the two seconds that the helper process gives to its own children. */
const endsWithinMs = 4_000;
/** One buffer for all streams: `onOutput` has taken the bytes before the next read. */
const buffer = Buffer.allocUnsafeSlow(256 * 1024);
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const program = fileURLToPath(new URL(`launcher-process${extension}`, import.meta.url));

/** @param options.dir where the helper process keeps the records of its children */
export function startLauncher({ children, dir }: { children: Children; dir: string }): Launcher {
  let current: HelperProcess | undefined;
  /** Starts the helper process with the first command, and anew after it died. */
  const helper = () => {
    if (!current?.isAlive) current = new HelperProcess(children, dir);
    return current;
  };
  return {
    run: (label, file, args, { signal, ...options }) =>
      helper().call({ label, file, args, options }, signal, () => 'kill'),
    stream: (label, file, args, options) =>
      helper().stream({ label, file, args, hasInput: options.onInput !== undefined }, options),
    close: async () => current?.close(),
  };
}

interface Call {
  readonly resolve: (result: RunResult) => void;
  readonly reject: (error: Error) => void;
  readonly onRuns: () => void;
}

class HelperProcess {
  readonly #children: Children;
  readonly #process: ChildProcess;
  readonly #calls = new Map<number, Call>();
  #lastId = 0;
  /** The path of the socket that the helper process listens on. */
  readonly #socket: Promise<string>;
  isAlive = true;

  constructor(children: Children, dir: string) {
    const loader = extension === '.ts' ? ['--import', 'tsx'] : [];
    this.#children = children;
    this.#process = children.spawn('launcher', process.execPath, [...loader, program, dir], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
      stop: { signal: 'SIGTERM', killAfterMs: endsWithinMs },
    });
    this.#socket = new Promise((resolve, reject) => {
      this.#process.on('message', (answer: LauncherAnswer) => {
        if ('socket' in answer) resolve(answer.socket);
        else if ('runs' in answer) this.#calls.get(answer.id)?.onRuns();
        else if ('result' in answer) this.#calls.get(answer.id)?.resolve(answer.result);
        else this.#calls.get(answer.id)?.reject(new Error(answer.problem));
      });
      const end = (why: string) => {
        const error = new Error(`The launcher process ${why}.`);
        this.isAlive = false;
        for (const call of this.#calls.values()) call.reject(error);
        reject(error);
      };
      this.#process.on('error', (error) => end(`cannot be started: ${error.message}`));
      this.#process.once('exit', (code, signal) => end(`ended (${signal ?? code})`));
    });
    this.#socket.catch(() => {}); // stream() awaits #socket and reports its error; run() does not need the socket
  }

  /** @param stop how the command is to end when the signal is aborted */
  async call(
    command: Omit<LauncherCommand, 'id'>,
    signal: AbortSignal | undefined,
    stop: () => 'end' | 'kill',
    id = ++this.#lastId,
    onRuns = () => {},
  ): Promise<RunResult> {
    const onAbort = () => this.#send({ id, stop: stop() });
    try {
      return await new Promise<RunResult>((resolve, reject) => {
        this.#calls.set(id, { resolve, reject, onRuns });
        this.#send({ id, ...command });
        signal?.addEventListener('abort', onAbort);
        if (signal?.aborted) onAbort();
      });
    } finally {
      signal?.removeEventListener('abort', onAbort);
      this.#calls.delete(id);
    }
  }

  async stream(command: Omit<LauncherCommand, 'id'>, options: StreamOptions): Promise<StreamEnd> {
    const { onOutput, onInput, end } = options;
    const id = ++this.#lastId;
    const broken = new AbortController();
    const either = AbortSignal.any([end, broken.signal]);
    // With `onread`, Node reads into one buffer instead of allocating a new one for each read.
    const output = connect({
      path: await this.#socket,
      onread: {
        buffer,
        callback: (length) => {
          onOutput(buffer.subarray(0, length));
          return true;
        },
      },
    });
    const closed = new Promise((resolve) => output.once('close', resolve));
    output.on('error', () => broken.abort('SIGKILL'));
    output.write(`${id}\n`);
    try {
      const stop = () => (either.reason === 'SIGKILL' ? 'kill' : 'end');
      // Bytes written before the command runs would be read by the helper process.
      return await this.call(command, either, stop, id, () => onInput?.(output));
    } catch (error) {
      // If the helper process died, the command may still run. Without this connection it can no longer write.
      output.destroy();
      throw error;
    } finally {
      await closed;
    }
  }

  /** Ignores an error of sending: the helper process has then ended, and its 'exit' rejects all calls. */
  #send(request: LauncherRequest): void {
    if (this.#process.connected) this.#process.send(request, () => {}); // see above
  }

  async close(): Promise<void> {
    await this.#children.end(this.#process);
  }
}
