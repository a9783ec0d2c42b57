// A launcher with records of children and a folder of its own.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createLog } from '../../../src/log.ts';
import { type Children, openChildren } from '../../../src/processes/children.ts';
import { type Launcher, startLauncher } from '../../../src/processes/launcher.ts';

export interface TestLauncher {
  readonly dir: string;
  /** Keep their records in `dir`/children. */
  readonly children: Children;
  readonly launcher: Launcher;
  /** Removes the folder, too. */
  close(): Promise<void>;
}

export async function startTestLauncher(): Promise<TestLauncher> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-launcher-test-'));
  const children = await openChildren({ dir: path.join(dir, 'children'), log: createLog('silent') });
  const launcher = startLauncher({ children, dir: path.join(dir, 'launcher') });
  return {
    dir,
    children,
    launcher,
    async close() {
      await launcher.close();
      await children.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
