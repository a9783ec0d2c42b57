import { connect } from 'node:net';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ChildProcess, Children, RunOptions, RunResult } from './children.ts';

/**
 * Starts processes from a small one. The kernel copies a process's page tables for each one that it starts: with half a
 * gigabyte of footage in memory that holds everything up for 30 ms, and three times as much follows, since each page
 * that is written to afterwards has to be made writable again. A small process takes 1 ms.
 */
export interface Launcher {
  /** As Children does. */
  run: Children['run'];
  /**
   * Runs a command of which the output is handed on as it comes. Resolves when the process is over and all of its
   * output was handed on.
   * @throws Error when it cannot be started, or the small process died
   */
  stream(label: string, file: string, args: readonly string[], options: StreamOptions): Promise<StreamEnd>;
  close(): Promise<void>;
}

export interface StreamOptions {
  /** Given what came; valid only until it returns. */
  readonly onOutput: (bytes: Buffer) => void;
  /** Given the process's stdin once it runs, which is to be ended then; left out: it has none. */
  readonly onInput?: (input: Writable) => void;
  /** Aborted: the process is asked to end, and killed 2 s later; with the reason 'SIGKILL', at once. */
  readonly end: AbortSignal;
}

export type StreamEnd = Pick<RunResult, 'code' | 'signal' | 'stderr'>;

/** What the small process is asked for (launcher-process.ts). */
export type LauncherRequest = LauncherCommand | { readonly id: number; readonly stop: 'end' | 'kill' };

export interface LauncherCommand {
  readonly id: number;
  readonly label: string;
  readonly file: string;
  readonly args: readonly string[];
  /** undefined: a stream. */
  readonly options?: Omit<RunOptions, 'signal'>;
  /** Whether what is written to a stream's socket is the command's stdin. */
  readonly hasInput?: boolean;
}

/** First of all, where it listens. */
export type LauncherAnswer =
  | { readonly socket: string }
  /** The stream's command runs. */
  | { readonly id: number; readonly runs: true }
  | { readonly id: number; readonly result: RunResult }
  | { readonly id: number; readonly problem: string };

/** What it has started is given two seconds to end. */
const endsWithinMs = 4_000;
/** One for all streams: what was read is taken out of it before anything else is read. */
const buffer = Buffer.allocUnsafeSlow(256 * 1024);
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const program = fileURLToPath(new URL(`launcher-process${extension}`, import.meta.url));

/** @param options.dir where the small process keeps its book of children */
export function startLauncher({ children, dir }: { children: Children; dir: string }): Launcher {
  let present: SmallProcess | undefined;
  /** Started with the first command, which is a feed's or a picture's; one that died is followed by another. */
  const small = () => {
    if (!present?.isAlive) present = new SmallProcess(children, dir);
    return present;
  };
  return {
    run: (label, file, args, { signal, ...options }) =>
      small().call({ label, file, args, options }, signal, () => 'kill'),
    stream: (label, file, args, options) =>
      small().stream({ label, file, args, hasInput: options.onInput !== undefined }, options),
    close: async () => present?.close(),
  };
}

interface Call {
  readonly resolve: (result: RunResult) => void;
  readonly reject: (error: Error) => void;
  readonly onRuns: () => void;
}

class SmallProcess {
  readonly #children: Children;
  readonly #process: ChildProcess;
  readonly #calls = new Map<number, Call>();
  #newest = 0;
  /** The path of its socket. */
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
        const error = new Error(`The process that starts others ${why}.`);
        this.isAlive = false;
        for (const call of this.#calls.values()) call.reject(error);
        reject(error);
      };
      this.#process.on('error', (error) => end(`cannot be started: ${error.message}`));
      this.#process.once('exit', (code, signal) => end(`ended (${signal ?? code})`));
    });
    this.#socket.catch(() => {}); // told to whoever waits for it
  }

  /** @param stop how the command is to end when the signal is aborted */
  async call(
    command: Omit<LauncherCommand, 'id'>,
    signal: AbortSignal | undefined,
    stop: () => 'end' | 'kill',
    id = ++this.#newest,
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
    const id = ++this.#newest;
    const broken = new AbortController();
    const either = AbortSignal.any([end, broken.signal]);
    // Node reads into a new buffer each time unless it is told otherwise, which it can be where a socket connects.
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
      // What was written before would be read by the small process.
      return await this.call(command, either, stop, id, () => onInput?.(output));
    } catch (error) {
      // What it ran may go on where the small process died: it cannot write any more then.
      output.destroy();
      throw error;
    } finally {
      await closed;
    }
  }

  /** What goes wrong with it shows at the process's end. */
  #send(request: LauncherRequest): void {
    if (this.#process.connected) this.#process.send(request, () => {});
  }

  async close(): Promise<void> {
    await this.#children.end(this.#process);
  }
}
