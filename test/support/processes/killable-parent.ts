// A minimal server that tests kill: `killable-parent <book>` has one child that outlives it, and prints the child's
// process id.

import { createLog } from '../../../src/log.ts';
import { openChildren } from '../../../src/processes/children.ts';

const children = await openChildren({ dir: process.argv[2]!, log: createLog('silent') });
const sleeper = children.spawn('sleeper', 'sleep', ['600'], { stdio: 'ignore' });
console.log(sleeper.pid);
