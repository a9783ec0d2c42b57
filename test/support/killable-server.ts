// A server in small that tests kill: `killable-server <folder>` has its launcher run two commands, and prints the
// process ids of these and of the launcher.
import path from 'node:path';
import { openChildren } from '../../src/children.ts';
import { startLauncher } from '../../src/launcher.ts';
import { createLog } from '../../src/log.ts';

const dir = process.argv[2]!;
const children = await openChildren({ dir: path.join(dir, 'children'), log: createLog('silent') });
const launcher = startLauncher({ children, dir: path.join(dir, 'launcher') });
const script = 'echo $$ $PPID; exec sleep 600';
const end = new AbortController().signal;
void launcher.stream('streaming', 'sh', ['-c', script], {
  onOutput: (bytes) => process.stdout.write(bytes),
  end,
});
