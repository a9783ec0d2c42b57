// The launcher starts processes from a small helper process.
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { identify } from '../../src/processes/children.ts';
import type { Launcher } from '../../src/processes/launcher.ts';
import { startTestLauncher, type TestLauncher } from '../support/processes/launcher.ts';
import { program } from '../support/processes/program.ts';

const short = { timeoutMs: 10_000, maxOutputBytes: 1024 * 1024 };

let started: TestLauncher;
let launcher: Launcher;

beforeAll(async () => {
  started = await startTestLauncher();
  ({ launcher } = started);
});

afterAll(() => started.close());

const isAlive = (pid: number) => identify(pid) !== undefined;
const never = new AbortController().signal;

/** Streams a shell script's output as text. */
function stream(script: string, end: AbortSignal = never) {
  const output = { text: '' };
  const onOutput = (bytes: Buffer) => {
    output.text += bytes.toString('latin1');
  };
  return { output, ended: launcher.stream('script', 'sh', ['-c', script], { onOutput, end }) };
}

test('a command gets its arguments and input unchanged, and its stdout, stderr and exit code come back', async () => {
  const args = ['two words', `'"`, '$(touch owned)', '; touch owned #', '--', '*', '', 'new\nline'];
  const script = 'process.stdin.pipe(process.stdout); console.error(JSON.stringify(process.argv.slice(1)))';
  const input = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
  const done = await launcher.run('echo', process.execPath, ['-e', script, '--', ...args], {
    ...short,
    input,
  });
  expect(done.code).toBe(0);
  expect(done.stdout.equals(input)).toBe(true);
  expect(JSON.parse(done.stderr)).toEqual(args);
  expect((await launcher.run('three', 'sh', ['-c', 'exit 3'], short)).code).toBe(3);
});

test('the parent of a command is the helper process', async () => {
  const { stdout } = await launcher.run('parent', 'sh', ['-c', 'echo $PPID'], short);
  expect(Number(stdout)).not.toBe(process.pid);
});

test('an aborted command is killed, and a missing program is an error', async () => {
  const abort = new AbortController();
  const given = launcher.run('script', 'sleep', ['600'], { ...short, signal: abort.signal });
  abort.abort();
  await expect(given).rejects.toThrow('The command "script" was aborted.');
  await expect(launcher.run('nothing', '/nowhere/nothing', [], short)).rejects.toThrow('ENOENT');
  const streamed = launcher.stream('nothing', '/nowhere/nothing', [], { onOutput: () => {}, end: never });
  await expect(streamed).rejects.toThrow('ENOENT');
});

test('all output of several fast streams arrives', async () => {
  const ends = await Promise.all(
    ['a', 'b', 'c', 'd'].map(async (letter) => {
      const { output, ended } = stream(
        `head -c 5000000 /dev/zero | tr '\\0' ${letter}; echo bye >&2; exit 4`,
      );
      const { code, stderr } = await ended;
      return { code, stderr, isAll: output.text === letter.repeat(5_000_000) };
    }),
  );
  expect(ends).toEqual(Array(4).fill({ code: 4, stderr: 'bye\n', isAll: true }));
});

test('a stream can be asked to end, or be killed, or be ended before it has begun', async () => {
  const script = 'trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.05; done';
  for (const [reason, expected] of [
    [undefined, { code: 0, output: 'up\nbye\n' }],
    ['SIGKILL', { code: null, output: 'up\n' }],
  ] as const) {
    const end = new AbortController();
    const { output, ended } = stream(script, end.signal);
    await expect.poll(() => output.text).toBe('up\n');
    end.abort(reason);
    expect({ code: (await ended).code, output: output.text }).toEqual(expected);
  }
  const { ended } = stream('exec sleep 600', AbortSignal.abort());
  expect((await ended).signal).toBe('SIGTERM');
});

test('when the helper process dies, its commands end with an error, and the next command starts a new one', async () => {
  const records = path.join(started.dir, 'children');
  const { pid } = JSON.parse(readFileSync(path.join(records, readdirSync(records)[0]!), 'utf8'));
  const waiting = launcher.run('script', 'sleep', ['600'], short);
  const { output, ended } = stream('while :; do echo $$; sleep 0.05; done');
  await expect.poll(() => output.text).not.toBe('');
  process.kill(pid, 'SIGKILL');
  await expect(waiting).rejects.toThrow('The launcher process ended (SIGKILL).');
  await expect(ended).rejects.toThrow('The launcher process ended (SIGKILL).');
  await expect.poll(() => isAlive(Number.parseInt(output.text, 10))).toBe(false);
  expect((await launcher.run('next', 'true', [], short)).code).toBe(0);
});

/** Starts a server that has its launcher run commands. */
function startServer(dir: string, ...args: string[]) {
  const server = program('test/support/processes/killable-server.ts');
  return started.children.spawn('server', process.execPath, [server, dir, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

test('when the server is killed, the helper process and its commands end by themselves', async () => {
  const server = startServer(path.join(started.dir, 'server'));
  const [line] = await once(createInterface({ input: server.stdout! }), 'line');
  const pids = line.split(' ').map(Number);
  expect(pids.map(isAlive)).toEqual([true, true]);
  server.kill('SIGKILL');
  await expect.poll(() => pids.map(isAlive)).toEqual([false, false]);
});

test('when the server is killed while its commands start, they end by themselves, too', async () => {
  const dir = path.join(started.dir, 'killed');
  await once(startServer(dir, 'kill'), 'close');
  const pids = () => readFileSync(path.join(dir, 'pids'), 'utf8').match(/\d+/g)!.map(Number);
  await expect.poll(() => pids().filter(isAlive)).toEqual([]);
});
