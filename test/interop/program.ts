/** Runs a server as a process of its own. */
import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Program {
  /** The output so far. */
  readonly said: readonly string[];
  close(): Promise<void>;
}

/**
 * @param isReady is called with each line of output; resolves with the first line for which it returns true
 * @throws Error with all output if the process ends before that
 */
export async function startProgram(
  command: string,
  args: readonly string[],
  isReady: (line: string) => boolean,
  options: Pick<SpawnOptions, 'cwd' | 'env' | 'uid' | 'gid'> = {},
): Promise<Program & { readonly ready: string }> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  const exited = once(child, 'exit').then(
    () => `${command} ended: ${said.join('\n')}`,
    (problem: Error) => `${command} cannot be started: ${problem.message}. See test/interop/packages.txt.`,
  );
  const ready = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      createInterface(stream).on('line', (line) => {
        said.push(line);
        if (isReady(line)) resolve(line);
      });
    void exited.then((words) => reject(new Error(words)));
  });
  return {
    ...{ said, ready },
    async close() {
      child.kill();
      await exited;
    },
  };
}
