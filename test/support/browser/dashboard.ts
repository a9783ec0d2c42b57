// The dashboard as the server delivers it.
import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const root = path.resolve(import.meta.dirname, '../../..');
const builtPage = path.join(root, 'dist/dashboard/index.html');

/** Builds the dashboard, unless the build is newer than all sources. Call it before the server starts. */
export async function buildDashboard(): Promise<void> {
  if (!(await isStale())) return;
  const vite = path.join(root, 'node_modules/vite/bin/vite.js');
  const config = path.join(root, 'src/dashboard/vite.config.ts');
  // vitest's NODE_ENV would give React's development build, which has twice the size and is not what users get.
  const env = { ...process.env, NODE_ENV: 'production' };
  await promisify(execFile)(process.execPath, [vite, 'build', '--config', config], { cwd: root, env });
}

async function isStale(): Promise<boolean> {
  const built = await stat(builtPage).catch(() => undefined);
  if (!built) return true;
  const sources = ['src/dashboard', 'src/texts'].map((folder) =>
    readdir(path.join(root, folder), { recursive: true, withFileTypes: true }),
  );
  const changed = (await Promise.all(sources))
    .flat()
    .filter((file) => file.isFile())
    .map(async (file) => (await stat(path.join(file.parentPath, file.name))).mtimeMs);
  return Math.max(...(await Promise.all(changed))) > built.mtimeMs;
}
