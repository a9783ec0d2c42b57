// The project's programs, compiled once for all tests. With tsx, each start would take three times the processor time.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

/** The root of this checkout. */
const here = path.resolve(import.meta.dirname, '../../..');
const compiledDirOf = (root: string) => path.join(root, 'node_modules/.cache/flashback-programs');
const sources = ['src', 'test'];
/** What programs need beside src. */
const besideSrc = ['prisma', 'dist'];

/**
 * Compiles src and test, unless the output is newer than all of their files.
 * @param root a checkout with its packages, and built
 */
export async function compilePrograms(root = here): Promise<void> {
  const compiledDir = compiledDirOf(root);
  // Written after a compilation; states that the files are ES modules.
  const stampFile = path.join(compiledDir, 'package.json');
  if (!(await isStale(root, stampFile))) return;
  await mkdir(compiledDir, { recursive: true });
  for (const name of besideSrc) {
    await symlink(path.join(root, name), path.join(compiledDir, name)).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      },
    );
  }
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const emitting = [
    '--noEmit',
    'false',
    '--noCheck',
    '--sourceMap',
    '--rootDir',
    root,
    '--outDir',
    compiledDir,
  ];
  await promisify(execFile)(process.execPath, [tsc, '-p', root, ...emitting], { cwd: root });
  await writeFile(stampFile, '{ "type": "module" }\n');
}

async function isStale(root: string, stampFile: string): Promise<boolean> {
  const compiled = await stat(stampFile).catch(() => undefined);
  if (!compiled) return true;
  for (const folder of sources) {
    for (const name of await readdir(path.join(root, folder), { recursive: true })) {
      if (!name.endsWith('.ts')) continue;
      if ((await stat(path.join(root, folder, name))).mtimeMs > compiled.mtimeMs) return true;
    }
  }
  return false;
}

/** The compiled file of a program, for `node`. @param file the source, from the project's root: `src/main.ts` */
export const program = (file: string, root = here): string =>
  path.join(compiledDirOf(root), file.replace(/\.ts$/, '.js'));

/**
 * Runs a program of the project. Its environment is `env`, PATH and HOME.
 * @param file see `program`
 */
export function runProgram(
  file: string,
  args: readonly string[],
  env: Record<string, string>,
  root = here,
): ChildProcess {
  return spawn(process.execPath, [program(file, root), ...args], {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}
