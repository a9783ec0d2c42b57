// The embedded PostgreSQL: one folder, one Unix socket, no port. It lives as long as this process does,
// however that one ends, and is started again when it dies first.
import { mkdirSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.ts';
import type { ChildProcess, Children } from '../processes/children.ts';
import { findPrograms, type Program } from './server-binaries.ts';
import {
  claimFolder,
  createCluster,
  endLeftoverPostgres,
  isClaimed,
  openSocketFolder,
  ROLE,
} from './server-folder.ts';

export interface DatabaseServer {
  /** A connection string for the database "postgres". It stays the same when PostgreSQL is restarted. */
  url: string;
  /** Ends PostgreSQL as a fast shutdown does: sessions are ended, what was committed is on disk. */
  close(): Promise<void>;
}

export interface DatabaseServerOptions {
  /** Holds the cluster (pg18), the socket (run) and the mark of the owner. Made when it is not there. */
  dataDir: string;
  children: Children;
  log: Log;
}

/** The on-disk format is one major version's own, and so is the folder. */
const CLUSTER = 'pg18';
const READY = 'database system is ready to accept connections';
/** A shutdown writes out what is in memory; one that takes longer is cut off, and the next start recovers. */
const STOP = { signal: 'SIGINT', killAfterMs: 60_000 } as const;
const RESTART_PAUSE_MIN_MS = 100;
const RESTART_PAUSE_MAX_MS = 5_000;
const LAST_WORDS_LINES = 20;
/** What PostgreSQL says while one that was left behind, too young to be seen, still holds the folder. */
const STILL_HELD = /lock file|shared memory block/;
const STILL_HELD_TIMEOUT_MS = 30_000;

/** A running PostgreSQL, ready for connections. */
interface Postmaster {
  child: ChildProcess;
  /** Resolves when it has ended, with the last lines it wrote. */
  over: Promise<string>;
}

/**
 * Starts the embedded PostgreSQL 18 in `dataDir`, and creates its database first when there is none
 * (about two seconds; later starts take a third of one).
 * Rejects with a sentence that says what to do when this machine has no embedded PostgreSQL, when it may
 * not run as this user, or when another living server uses the same folder.
 */
export async function startDatabaseServer(options: DatabaseServerOptions): Promise<DatabaseServer> {
  const { children, log } = options;
  const startedAt = Date.now();
  const programs = await findPrograms(children);
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const dataDir = realpathSync(options.dataDir);
  const claim = claimFolder(dataDir);
  const socket = openSocketFolder(dataDir);
  const leave = () => {
    socket.remove();
    claim.release();
  };

  const pgdata = path.join(dataDir, CLUSTER);
  const start = async () => {
    await endLeftoverPostgres(pgdata, log);
    return launch(programs.postgres, { pgdata, socketDir: socket.dir, children, log });
  };
  try {
    await createCluster(pgdata, { initdb: programs.initdb, children, log });
    const supervision = supervise(await startPatiently(start), { start, children, log });
    log.info({ dir: pgdata, ms: Date.now() - startedAt }, 'The embedded database is ready.');
    return {
      url: urlOf(socket.dir),
      close: async () => {
        await supervision.close();
        leave();
      },
    };
  } catch (error) {
    leave();
    throw error;
  }
}

/**
 * The connection string of the embedded PostgreSQL that another process runs in `dataDir`, for tools beside it;
 * undefined where none does. `postmaster.pid` names the socket's folder in its fifth line (PostgreSQL, "Server
 * Setup").
 */
export function runningServerUrl(dataDir: string): string | undefined {
  if (!isClaimed(dataDir)) return undefined;
  const socketDir = readFileSync(path.join(dataDir, CLUSTER, 'postmaster.pid'), 'utf8').split('\n')[4];
  return socketDir ? urlOf(socketDir) : undefined;
}

function urlOf(socketDir: string): string {
  return `postgresql://${ROLE}@localhost/postgres?host=${encodeURIComponent(socketDir)}`;
}

async function startPatiently(start: () => Promise<Postmaster>): Promise<Postmaster> {
  const deadline = Date.now() + STILL_HELD_TIMEOUT_MS;
  for (;;) {
    try {
      return await start();
    } catch (error) {
      if (!STILL_HELD.test((error as Error).message) || Date.now() > deadline) throw error;
      await sleep(RESTART_PAUSE_MIN_MS);
    }
  }
}

/** Keeps PostgreSQL running: starts it again, for ever, whenever it ends before `close`. */
function supervise(
  first: Postmaster,
  { start, children, log }: { start: () => Promise<Postmaster>; children: Children; log: Log },
): { close(): Promise<void> } {
  const closing = new AbortController();
  let current = first;

  async function startAgain(): Promise<void> {
    for (let pause = RESTART_PAUSE_MIN_MS; !closing.signal.aborted; pause *= 2) {
      try {
        current = await start();
        log.info({}, 'PostgreSQL runs again.');
        return;
      } catch (error) {
        log.error({ err: error }, 'PostgreSQL could not be started again; it will be tried once more.');
        const ms = Math.min(pause, RESTART_PAUSE_MAX_MS);
        await sleep(ms, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
  }

  async function keep(): Promise<void> {
    while (!closing.signal.aborted) {
      const lastWords = await current.over;
      if (closing.signal.aborted) return;
      log.error({ lastWords }, 'PostgreSQL has ended unexpectedly; starting it again.');
      await startAgain();
    }
    // Closed while it was being started again.
    await children.end(current.child);
  }

  const kept = keep();
  return {
    close: async () => {
      closing.abort();
      await children.end(current.child);
      await kept;
    },
  };
}

/** Starts PostgreSQL and resolves when it takes connections; rejects with its last words if it ends first. */
async function launch(
  postgres: Program,
  { pgdata, socketDir, children, log }: { pgdata: string; socketDir: string; children: Children; log: Log },
): Promise<Postmaster> {
  const settings = {
    listen_addresses: '',
    unix_socket_directories: `"${socketDir.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    shared_buffers: '64MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C', // READY is looked for in English
    // After a crash: one call instead of one for each of a thousand files, which takes seconds on a busy disk.
    ...(process.platform === 'linux' && { recovery_init_sync_method: 'syncfs' }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = children.spawn('postgres', postgres.file, [...postgres.args, '-D', pgdata, ...flags], {
    env: { LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'pipe'],
    stop: STOP,
  });
  const watchdog = child.pid === undefined ? undefined : startWatchdog(child.pid, children);

  const lastLines: string[] = [];
  const over = new Promise<string>((resolve) => {
    const end = (reason: string) => {
      watchdog?.dismiss();
      resolve([...lastLines, reason].join('\n'));
    };
    child.once('error', (error) => end(error.message));
    // Not 'close': sessions of a killed PostgreSQL keep its stderr open for a while.
    child.once('exit', (code, signal) => end(`It ended with ${signal ?? `exit code ${code}`}.`));
  });
  const ready = new Promise<true>((resolve) => {
    createInterface({ input: child.stderr! }).on('line', (line) => {
      lastLines.push(line);
      if (lastLines.length > LAST_WORDS_LINES) lastLines.shift();
      log.debug({ line }, 'PostgreSQL says');
      if (line.includes(READY)) resolve(true);
    });
  });
  const first = await Promise.race([ready, over]);
  if (first !== true) throw new Error(`The embedded PostgreSQL in ${pgdata} did not start: ${first}`);
  return { child, over };
}

/**
 * A shell that asks PostgreSQL for a fast shutdown as soon as its stdin ends without a word, which happens
 * when this process dies, of whatever: the kernel closes the pipe.
 */
function startWatchdog(pid: number, children: Children): { dismiss(): void } {
  const script = 'read -r word || kill -INT "$0"';
  const shell = children.spawn('database watchdog', '/bin/sh', ['-c', script, String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.stdin!.on('error', () => undefined); // ended by somebody else
  return { dismiss: () => shell.stdin!.end('dismissed\n') };
}
