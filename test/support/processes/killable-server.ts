// A minimal server that tests kill: `killable-server <folder> [kill]` has its launcher run a command, and prints the
// process ids of the command and of the launcher. With `kill`, it runs several commands that kill it at once; each adds
// the ids to the file `<folder>/pids`.
import path from 'node:path';
import { createLog } from '../../../src/log.ts';
import { openChildren } from '../../../src/processes/children.ts';
import { startLauncher } from '../../../src/processes/launcher.ts';

const [dir, isKilled] = process.argv.slice(2) as [string, string?];
const children = await openChildren({ dir: path.join(dir, 'children'), log: createLog('silent') });
const launcher = startLauncher({ children, dir: path.join(dir, 'launcher') });
const script = isKilled
  ? `kill -9 ${process.pid}; echo $$ $PPID >> '${path.join(dir, 'pids')}'; exec sleep 600`
  : 'echo $$ $PPID; exec sleep 600';
const end = new AbortController().signal;
for (let left = isKilled ? 8 : 1; left > 0; left -= 1) {
  void launcher.stream('streaming', 'sh', ['-c', script], {
    onOutput: (bytes) => process.stdout.write(bytes),
    end,
  });
}
