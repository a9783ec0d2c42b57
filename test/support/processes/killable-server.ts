// A server in small that tests kill: `killable-server <folder>` has its launcher run a command, and prints the process
// ids of that one and of the launcher.
import path from 'node:path';
import { createLog } from '../../../src/log.ts';
import { openChildren } from '../../../src/processes/children.ts';
import { startLauncher } from '../../../src/processes/launcher.ts';

const dir = process.argv[2]!;
const children = await openChildren({ dir: path.join(dir, 'children'), log: createLog('silent') });
const launcher = startLauncher({ children, dir: path.join(dir, 'launcher') });
const script = 'echo $$ $PPID; exec sleep 600';
const end = new AbortController().signal;
void launcher.stream('streaming', 'sh', ['-c', script], {
  onOutput: (bytes) => process.stdout.write(bytes),
  end,
});
