import { connect } from 'node:net';
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
}

/** First of all, where it listens. */
export type LauncherAnswer =
  | { readonly socket: string }
  | { readonly id: number; readonly result: RunResult }
  | { readonly id: number; readonly problem: string };
type Over = Exclude<LauncherAnswer, { socket: string }>;

interface Small {
  readonly process: ChildProcess;
  /** Resolves with the path of its socket. */
  readonly listens: Promise<string>;
  /** Rejects when it is over. */
  readonly over: Promise<never>;
}

/** What it has started is given two seconds to end. */
const endsWithinMs = 4_000;
/** One for all streams: what was read is taken out of it before anything else is read. */
const buffer = Buffer.allocUnsafeSlow(256 * 1024);
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const program = new URL(`launcher-process${extension}`, import.meta.url).pathname;

/** @param options.dir where the small process keeps its book of children */
export function startLauncher({ children, dir }: { children: Children; dir: string }): Launcher {
  const calls = new Map<number, (answer: Over) => void>();
  let newest = 0;
  let small: Small | undefined = start();

  function start(): Small {
    const loader = extension === '.ts' ? ['--import', 'tsx'] : [];
    const started = children.spawn('launcher', process.execPath, [...loader, program, dir], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
      stop: { signal: 'SIGTERM', killAfterMs: endsWithinMs },
    });
    const listens = new Promise<string>((resolve) => {
      started.on('message', (answer: LauncherAnswer) => {
        if ('socket' in answer) resolve(answer.socket);
        else calls.get(answer.id)?.(answer);
      });
    });
    const over = new Promise<never>((_, reject) => {
      const end = (why: string) => {
        if (small?.process === started) small = undefined;
        reject(new Error(`The process that starts others ${why}.`));
      };
      started.once('error', (error) => end(`cannot be started: ${error.message}`));
      started.once('exit', (code, signal) => end(`ended (${signal ?? code})`));
    });
    over.catch(() => {}); // told to whoever waits for an answer
    return { process: started, listens, over };
  }

  /** @param stop what is to be done when the signal is aborted */
  async function call(
    { process: to, over }: Small,
    request: LauncherRequest,
    signal: AbortSignal | undefined,
    stop: () => 'end' | 'kill',
  ): Promise<RunResult> {
    const { id } = request;
    const send = (message: LauncherRequest) => to.connected && to.send(message);
    const onAbort = () => send({ id, stop: stop() });
    const answered = new Promise<Over>((resolve) => calls.set(id, resolve));
    try {
      send(request);
      signal?.addEventListener('abort', onAbort);
      if (signal?.aborted) onAbort();
      const answer = await Promise.race([answered, over]);
      if ('result' in answer) return answer.result;
      throw new Error(answer.problem);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      calls.delete(id);
    }
  }

  /** One that died is followed by another. */
  const present = () => {
    small ??= start();
    return small;
  };

  return {
    run: (label, file, args, { signal, ...options }) =>
      call(present(), { id: ++newest, label, file, args, options }, signal, () => 'kill'),

    stream: async (label, file, args, { onOutput, end }) => {
      const to = present();
      const id = ++newest;
      const path = await Promise.race([to.listens, to.over]);
      // Node reads into a new buffer each time unless it is told otherwise, which it can be where a socket connects.
      const output = connect({
        path,
        onread: {
          buffer,
          callback: (length) => {
            onOutput(buffer.subarray(0, length));
            return true;
          },
        },
      });
      const closed = new Promise((resolve) => output.once('close', resolve));
      // Whatever happens to it, it is closed after that.
      output.on('error', () => {});
      output.write(`${id}\n`);
      try {
        const stop = () => (end.reason === 'SIGKILL' ? 'kill' : 'end');
        return await call(to, { id, label, file, args }, end, stop);
      } catch (error) {
        // Its process may go on where the small one died: it cannot write any more then.
        output.destroy();
        throw error;
      } finally {
        await closed;
      }
    },

    close: async () => {
      if (small) await children.end(small.process);
    },
  };
}
