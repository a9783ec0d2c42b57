// The folder of the embedded PostgreSQL: its owner, its contents, and PostgreSQL processes that still use it.
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../log.ts';
import { type Children, identify, isRunning, type ProcessIdentity } from '../../processes/children.ts';
import type { Program } from './binaries.ts';

/** The only role, a superuser. Every user that can open the socket can log in with it. */
export const databaseRole = 'flashback';

const socketName = '.s.PGSQL.5432';
/** sizeof(sockaddr_un.sun_path) without the terminating zero: unix(7). */
const maxSocketPathBytes = process.platform === 'linux' ? 107 : 103;
const initdbTimeoutMs = 120_000;
const leftoverTimeoutMs = 60_000;
const leftoverPollMs = 50;

/**
 * Makes this process the owner of the data folder until `release`. The claim of a server that has ended is replaced.
 * @throws Error if another running server owns the folder
 */
export function claimFolder(dataDir: string): { release(): void } {
  const file = path.join(dataDir, 'owner.json');
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(identify(process.pid)), { mode: 0o600 });
  try {
    // link(2) is atomic, and does not replace an existing file.
    while (!tryLink(draft, file)) {
      const owner = readOwner(file);
      if (owner !== undefined && isRunning(owner)) {
        throw new Error(
          `The data folder ${dataDir} is in use by the server with process id ${owner.pid}: ` +
            'end that one first, or set DATA_DIR to another folder.',
        );
      }
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return { release: () => rmSync(file, { force: true }) };
}

/** Whether a running server owns the folder. */
export function isClaimed(dataDir: string): boolean {
  const owner = readOwner(path.join(dataDir, 'owner.json'));
  return owner !== undefined && isRunning(owner);
}

function tryLink(existing: string, file: string): boolean {
  try {
    linkSync(existing, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readOwner(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity;
  } catch {
    // There is no such file, or its writer was killed before it had written it.
    return undefined;
  }
}

const usualSocketFolder = (dataDir: string): string => path.join(dataDir, 'run');

/** Makes a folder for the socket: in the data folder, or in the system's temporary folder if the path would be too long. */
export function openSocketFolder(dataDir: string): { dir: string; remove(): void } {
  let dir = usualSocketFolder(dataDir);
  if (Buffer.byteLength(path.join(dir, socketName)) > maxSocketPathBytes) {
    dir = mkdtempSync(path.join(os.tmpdir(), 'flashback-'));
  }
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/**
 * Makes the database cluster unless there is one. It is made under another name and renamed when it is complete, so that
 * a kill leaves no incomplete cluster.
 */
export async function createCluster(
  pgdata: string,
  { initdb, children, log }: { initdb: Program; children: Children; log: Log },
): Promise<void> {
  if (existsSync(path.join(pgdata, 'PG_VERSION'))) return;
  log.info({ dir: pgdata }, 'creating the embedded database, which takes a few seconds');
  const fresh = `${pgdata}.new`;
  rmSync(fresh, { recursive: true, force: true, maxRetries: 20 });
  const settings = [
    ...['--pgdata', fresh, '--username', databaseRole, '--auth', 'trust', '--encoding', 'UTF8'],
    // Strings sort alike on every machine, whatever its locales.
    ...['--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
  ];
  const done = await children.run('initdb', initdb.file, [...initdb.args, ...settings], {
    env: { LC_ALL: 'C', TZ: 'UTC' },
    timeoutMs: initdbTimeoutMs,
    maxOutputBytes: 1024 * 1024,
  });
  if (done.code !== 0) {
    const reason = done.stderr.trim() || `exit code ${done.code}`;
    throw new Error(
      `The embedded database could not be created in ${pgdata}: ${reason}. ` +
        'Set DATA_DIR to a folder that belongs to the user of this server.',
    );
  }
  renameSync(fresh, pgdata);
  syncFolder(path.dirname(pgdata));
}

/** Syncs the folder: without that, a power cut could undo the rename, and lose all data that was written since. */
function syncFolder(dir: string): void {
  const fd = openSync(dir, 'r');
  fsyncSync(fd);
  closeSync(fd);
}

/**
 * Ends the PostgreSQL processes that a killed server left running in `pgdata`. Also removes a pid file whose pid
 * belongs to another process by now, as in a restarted container: otherwise PostgreSQL would not start. Works on Linux
 * only; elsewhere the records of child processes (processes/children.ts) and PostgreSQL's own check have to suffice.
 */
export async function endLeftoverPostgres(pgdata: string, log: Log): Promise<void> {
  if (process.platform !== 'linux') return;
  const pidFile = path.join(pgdata, 'postmaster.pid');
  const deadline = Date.now() + leftoverTimeoutMs;
  const asked = new Set<number>();
  for (;;) {
    // The pid file is read first. A postmaster changes to the folder before it writes the file: so a postmaster that is
    // in the file is also found in the folder.
    const postmaster = readPid(pidFile);
    const left = processesIn(pgdata);
    if (left.length === 0) {
      if (postmaster !== undefined && exists(postmaster)) rmSync(pidFile, { force: true });
      return;
    }
    if (Date.now() > deadline) {
      throw new Error(`PostgreSQL still runs in ${pgdata} (process ${left.join(', ')}) and does not end.`);
    }
    // pg_ctl(1): SIGINT to the postmaster is a fast shutdown. Without a postmaster, each process is asked to end.
    const wanted = left.filter((pid) => pid === postmaster || !left.includes(postmaster ?? 0));
    for (const pid of wanted.filter((one) => !asked.has(one))) {
      log.warn({ pid }, 'an earlier server left PostgreSQL running; ending it');
      asked.add(pid);
      endProcess(pid, pid === postmaster ? 'SIGINT' : 'SIGTERM');
    }
    await sleep(leftoverPollMs);
  }
}

/** The processes whose working directory is the data folder, as that of every PostgreSQL process is. */
function processesIn(pgdata: string): number[] {
  const dir = realpathSync(pgdata);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && workingDirectory(pid) === dir);
}

function workingDirectory(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // The process has ended, or belongs to another user.
    return undefined;
  }
}

function readPid(pidFile: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(pidFile, 'utf8'), 10) || undefined;
  } catch {
    // There is no such file: no postmaster runs here.
    return undefined;
  }
}

/** Whether the pid is in use, by PostgreSQL's own test: zombies and other users' processes count. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function endProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Already gone.
  }
}
