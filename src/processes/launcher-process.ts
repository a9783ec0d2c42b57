// The program of the launcher process (see launcher.ts). When the server ends, this process ends its children and
// itself.
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createLog } from '../log.ts';
import { openChildren, type RunResult } from './children.ts';
import type { LauncherAnswer, LauncherCommand, LauncherRequest } from './launcher.ts';

const stderrKept = 8_192;

const children = await openChildren({ dir: process.argv[2]!, log: createLog('warn') });
/** The running commands, by id. The abort's reason, 'end' or 'kill', says how the command is to end. */
const stops = new Map<number, AbortController>();
/** The connections that take the output of commands, by the command's id, which is the first line on the connection. */
const outputs = new Map<number, Socket>();
/** Emits a command's id when its output connection has come. */
const arrivals = new EventEmitter();
/** Ids of commands that were stopped before their output connection came. */
const stoppedEarly = new Set<number>();

process.on('message', async (request: LauncherRequest) => {
  const { id } = request;
  if ('stop' in request) return stops.get(id)?.abort(request.stop);
  const stop = new AbortController();
  stops.set(id, stop);
  const { label, file, args, options } = request;
  const run = options
    ? children.run(label, file, args, { ...options, signal: stop.signal })
    : stream(request, stop.signal);
  answer(
    await run.then(
      (result) => ({ id, result }),
      (error: Error) => ({ id, problem: error.message }),
    ),
  );
  stops.delete(id);
});

async function stream(
  { id, label, file, args, hasInput }: LauncherCommand,
  stop: AbortSignal,
): Promise<RunResult> {
  // Rejects only when the command is stopped. Then there is no output connection, and the next lines return.
  if (!outputs.has(id)) await once(arrivals, `${id}`, { signal: stop }).catch(() => {});
  const output = outputs.get(id);
  outputs.delete(id);
  if (!output) {
    stoppedEarly.add(id);
    return { code: null, signal: 'SIGTERM', stdout: Buffer.alloc(0), stderr: '' };
  }
  const child = children.spawn(label, file, args, { stdio: [hasInput ? output : 'ignore', output, 'pipe'] });
  output.destroy();
  answer({ id, runs: true });
  let stderr = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-stderrKept);
  });
  const end = () => {
    if (stop.reason === 'kill') child.kill('SIGKILL');
    else void children.end(child);
  };
  stop.addEventListener('abort', end);
  if (stop.aborted) end();
  const [code, signal] = await once(child, 'close');
  return { code, signal, stdout: Buffer.alloc(0), stderr };
}

/** Ignores an error of sending: the server has then ended, and 'disconnect' follows, which ends the commands. */
function answer(message: LauncherAnswer): void {
  if (process.connected) process.send!(message, () => {});
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'flashback-launcher-'));
const server = createServer((socket) => {
  // Without a listener an error would end this process. A broken connection shows as a failed write of the command.
  socket.on('error', () => {});
  socket.once('data', (line) => {
    const id = Number(line);
    socket.pause();
    if (stoppedEarly.delete(id)) {
      socket.destroy();
      return;
    }
    outputs.set(id, socket);
    arrivals.emit(`${id}`);
  });
});
server.listen(path.join(folder, 's'), () => answer({ socket: path.join(folder, 's') }));

async function end(): Promise<void> {
  await children.close();
  rmSync(folder, { recursive: true, force: true });
  process.exit();
}
process.once('disconnect', end);
process.once('SIGTERM', end);
