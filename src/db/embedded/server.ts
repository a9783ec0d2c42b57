// The embedded PostgreSQL: one folder, one Unix socket, no port. It ends when this process ends, in whatever way, and is
// restarted if it ends first.
import { mkdirSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../log.ts';
import type { ChildProcess, Children } from '../../processes/children.ts';
import { findPrograms, type Program } from './binaries.ts';
import {
  claimFolder,
  createCluster,
  databaseRole,
  endLeftoverPostgres,
  isClaimed,
  openSocketFolder,
} from './folder.ts';

export interface DatabaseServer {
  /** A connection string for the database "postgres". A restart of PostgreSQL does not change it. */
  url: string;
  /** Ends PostgreSQL by a fast shutdown: sessions are ended, and committed data is on disk. */
  close(): Promise<void>;
}

export interface DatabaseServerOptions {
  /** Contains the cluster (pg18), the socket (run) and the owner's file. Made if it does not exist. */
  dataDir: string;
  children: Children;
  log: Log;
}

/** Each major version has its own format on disk, and so its own folder. */
const clusterName = 'pg18';
const readyMessage = 'database system is ready to accept connections';
/**
 * A shutdown writes all data in memory to disk. If that takes too long, PostgreSQL is killed, and the next start
 * recovers.
 */
const stopPolicy = { signal: 'SIGINT', killAfterMs: 60_000 } as const;
const minRestartPauseMs = 100;
const maxRestartPauseMs = 5_000;
const keptLines = 20;
/**
 * PostgreSQL's error if an earlier PostgreSQL still uses the folder. `endLeftoverPostgres` overlooks one that is still
 * starting and does not use the folder yet.
 */
const stillHeld = /lock file|shared memory block/;
const stillHeldTimeoutMs = 30_000;

/** A running PostgreSQL, ready for connections. */
interface Postmaster {
  child: ChildProcess;
  /** Resolves when PostgreSQL has ended, with the last lines that it wrote. */
  ended: Promise<string>;
}

/**
 * Starts the embedded PostgreSQL 18 in `dataDir`. The first start also makes the cluster (about two seconds; later starts
 * take a third of a second).
 * Rejects with advice if this machine has no embedded PostgreSQL, if it cannot run as this user, or if another running
 * server uses the same folder.
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

  const pgdata = path.join(dataDir, clusterName);
  const start = async () => {
    await endLeftoverPostgres(pgdata, log);
    return launch(programs.postgres, { pgdata, socketDir: socket.dir, children, log });
  };
  try {
    await createCluster(pgdata, { initdb: programs.initdb, children, log });
    const supervision = supervise(await startPatiently(start), { start, children, log });
    log.info({ dir: pgdata, ms: Date.now() - startedAt }, 'the embedded database is ready');
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
 * The connection string of the embedded PostgreSQL that another process runs in `dataDir`, for command-line tools;
 * undefined if none runs. The fifth line of `postmaster.pid` names the socket's folder (PostgreSQL, "Server Setup").
 */
export function runningServerUrl(dataDir: string): string | undefined {
  if (!isClaimed(dataDir)) return undefined;
  const socketDir = readFileSync(path.join(dataDir, clusterName, 'postmaster.pid'), 'utf8').split('\n')[4];
  return socketDir ? urlOf(socketDir) : undefined;
}

function urlOf(socketDir: string): string {
  return `postgresql://${databaseRole}@localhost/postgres?host=${encodeURIComponent(socketDir)}`;
}

async function startPatiently(start: () => Promise<Postmaster>): Promise<Postmaster> {
  const deadline = Date.now() + stillHeldTimeoutMs;
  for (;;) {
    try {
      return await start();
    } catch (error) {
      if (!stillHeld.test((error as Error).message) || Date.now() > deadline) throw error;
      await sleep(minRestartPauseMs);
    }
  }
}

/** Restarts PostgreSQL whenever it ends before `close`. */
function supervise(
  first: Postmaster,
  { start, children, log }: { start: () => Promise<Postmaster>; children: Children; log: Log },
): { close(): Promise<void> } {
  const closing = new AbortController();
  let current = first;

  async function startAgain(): Promise<void> {
    for (let pause = minRestartPauseMs; !closing.signal.aborted; pause *= 2) {
      try {
        current = await start();
        log.info({}, 'PostgreSQL runs again');
        return;
      } catch (error) {
        log.error({ error }, 'PostgreSQL cannot be restarted now; trying again');
        const ms = Math.min(pause, maxRestartPauseMs);
        await sleep(ms, undefined, { signal: closing.signal }).catch(() => {}); // aborted by close
      }
    }
  }

  async function keep(): Promise<void> {
    while (!closing.signal.aborted) {
      const lastLines = await current.ended;
      if (closing.signal.aborted) return;
      log.error({ lastLines }, 'PostgreSQL has ended unexpectedly; restarting it');
      await startAgain();
    }
    // `close` was called during a restart.
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

/** Starts PostgreSQL. Resolves when it accepts connections; rejects with the last lines that it wrote if it ends first. */
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
    lc_messages: 'C', // readyMessage is in English
    // With syncfs, recovery after a crash syncs all files with one call. A call for each of a thousand files would take
    // seconds.
    ...(process.platform === 'linux' && { recovery_init_sync_method: 'syncfs' }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = children.spawn('postgres', postgres.file, [...postgres.args, '-D', pgdata, ...flags], {
    env: { LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'pipe'],
    stop: stopPolicy,
  });
  const watchdog = child.pid === undefined ? undefined : startWatchdog(child.pid, children);

  const lastLines: string[] = [];
  const ended = new Promise<string>((resolve) => {
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
      if (lastLines.length > keptLines) lastLines.shift();
      log.debug({ line }, 'PostgreSQL logged a line');
      if (line.includes(readyMessage)) resolve(true);
    });
  });
  const first = await Promise.race([ready, ended]);
  if (first !== true) throw new Error(`The embedded PostgreSQL in ${pgdata} did not start: ${first}`);
  return { child, ended };
}

/**
 * Starts a shell that asks PostgreSQL for a fast shutdown as soon as its stdin ends without a line. That happens when this
 * process dies in whatever way: the kernel closes the pipe.
 */
function startWatchdog(pid: number, children: Children): { dismiss(): void } {
  const script = 'read -r word || kill -INT "$0"';
  const shell = children.spawn('database watchdog', '/bin/sh', ['-c', script, String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.stdin!.on('error', () => {}); // the shell has ended already
  return { dismiss: () => shell.stdin!.end('dismissed\n') };
}
