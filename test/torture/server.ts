// The server as a process of its own, which can be killed and paused.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { runProgram } from '../support/processes/program.ts';

/** Messages to server-main.ts: first the database's address, then the clock whenever it is set. */
export interface ToChild {
  readonly databaseUrl?: string;
  /** How far the server's clock is ahead of this machine's, in milliseconds. */
  readonly aheadMs?: number;
}

/** A message from server-main.ts: the address of its database. */
export interface FromChild {
  readonly databaseUrl: string;
}

export interface Server {
  readonly url: string;
  readonly pid: number;
  /** When it reported that it is ready, in epoch milliseconds. */
  readonly readyAt: number;
  readonly isAlive: boolean;
  setClock(aheadMs: number): void;
  /** Kills it at once. */
  kill(): void;
  /** Resolves when the server's process has ended. */
  over(): Promise<void>;
  /** Sends SIGTERM, as a service manager does. @returns milliseconds until it ended */
  stop(): Promise<number>;
  /** Its last lines of output, for the report of a breach. */
  lastWords(): string;
}

/** What is between a server and the real world. */
export interface Surroundings {
  readonly aheadMs: number;
  /** Called with the database's own address. Returns the address that the server must use. */
  readonly reach: (databaseUrl: string) => Promise<string>;
  /** The checkout of another release, whose server this is; undefined: this release's. */
  readonly release?: string | undefined;
}

/**
 * Starts the server and waits until it is ready. Rejects with its last output if it ends instead.
 * @param surroundings none: it runs as for users
 */
export async function startServer(env: Record<string, string>, surroundings?: Surroundings): Promise<Server> {
  const program = surroundings ? 'test/torture/server-main.ts' : 'src/main.ts';
  const child = runProgram(program, [], env, surroundings?.release);
  const lines: string[] = [];
  const ended = once(child, 'exit');
  const keep = (line: string) => {
    lines.push(line);
    if (lines.length > 400) lines.shift();
  };
  const send = (message: ToChild) => {
    if (child.connected) child.send(message, () => {});
  };
  createInterface({ input: child.stderr! }).on('line', keep);
  if (surroundings) {
    const { aheadMs, reach } = surroundings;
    child.once('message', async (it: FromChild) =>
      send({ databaseUrl: await reach(it.databaseUrl), aheadMs }),
    );
  }
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      keep(line);
      const found = /"url":"(http[^"]+)".*"msg":"ready"/.exec(line);
      if (found) resolve(found[1]!);
    });
    void ended.then(() => reject(new Error(`The server did not start:\n${lines.slice(-20).join('\n')}`)));
  });
  return {
    url,
    pid: child.pid!,
    readyAt: Date.now(),
    get isAlive() {
      return child.exitCode === null && child.signalCode === null;
    },
    setClock: (aheadMs) => send({ aheadMs }),
    kill: () => void child.kill('SIGKILL'),
    async over() {
      await ended;
    },
    async stop() {
      const asked = Date.now();
      child.kill('SIGTERM');
      await ended;
      return Date.now() - asked;
    },
    lastWords: () => lines.slice(-60).join('\n'),
  };
}
