// Processes that are started by a small process: as if this one had started them.
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { identify } from '../src/processes/children.ts';
import type { Launcher } from '../src/processes/launcher.ts';
import { startTestLauncher, type TestLauncher } from './support/launcher.ts';

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

/** A stream of a shell's output as text. */
function stream(script: string, end: AbortSignal = never) {
  const heard = { text: '' };
  const onOutput = (bytes: Buffer) => {
    heard.text += bytes.toString('latin1');
  };
  return { heard, over: launcher.stream('script', 'sh', ['-c', script], { onOutput, end }) };
}

test('a command gets its arguments and input as they are, and gives output, complaints and exit code back', async () => {
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

test('it is the small process that starts them', async () => {
  const { stdout } = await launcher.run('parent', 'sh', ['-c', 'echo $PPID'], short);
  expect(Number(stdout)).not.toBe(process.pid);
});

test('a command that nobody waits for any more is killed, and one that is not there is told', async () => {
  const abort = new AbortController();
  const given = launcher.run('script', 'sleep', ['600'], { ...short, signal: abort.signal });
  abort.abort();
  await expect(given).rejects.toThrow('The command "script" was given up.');
  await expect(launcher.run('nothing', '/nowhere/nothing', [], short)).rejects.toThrow('ENOENT');
  const streamed = launcher.stream('nothing', '/nowhere/nothing', [], { onOutput: () => {}, end: never });
  await expect(streamed).rejects.toThrow('ENOENT');
});

test('a stream is handed on to its end, however fast it comes, many side by side', async () => {
  const ends = await Promise.all(
    ['a', 'b', 'c', 'd'].map(async (letter) => {
      const { heard, over } = stream(`head -c 5000000 /dev/zero | tr '\\0' ${letter}; echo bye >&2; exit 4`);
      const { code, stderr } = await over;
      return { code, stderr, isAll: heard.text === letter.repeat(5_000_000) };
    }),
  );
  expect(ends).toEqual(Array(4).fill({ code: 4, stderr: 'bye\n', isAll: true }));
});

test('a stream is ended in peace, or at once, also before it has begun', async () => {
  const script = 'trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.05; done';
  for (const [reason, expected] of [
    [undefined, { code: 0, heard: 'up\nbye\n' }],
    ['SIGKILL', { code: null, heard: 'up\n' }],
  ] as const) {
    const end = new AbortController();
    const { heard, over } = stream(script, end.signal);
    await vi.waitFor(() => expect(heard.text).toBe('up\n'));
    end.abort(reason);
    expect({ code: (await over).code, heard: heard.text }).toEqual(expected);
  }
  const { over } = stream('exec sleep 600', AbortSignal.abort());
  expect((await over).signal).toBe('SIGTERM');
});

test('where the small process dies, what it ran is over and told, and another one takes its place', async () => {
  const book = path.join(started.dir, 'children');
  const { pid } = JSON.parse(readFileSync(path.join(book, readdirSync(book)[0]!), 'utf8'));
  const waiting = launcher.run('script', 'sleep', ['600'], short);
  const { heard, over } = stream('while :; do echo $$; sleep 0.05; done');
  await vi.waitFor(() => expect(heard.text).not.toBe(''));
  process.kill(pid, 'SIGKILL');
  await expect(waiting).rejects.toThrow('The process that starts others ended (SIGKILL).');
  await expect(over).rejects.toThrow('The process that starts others ended (SIGKILL).');
  await vi.waitFor(() => expect(isAlive(Number.parseInt(heard.text, 10))).toBe(false));
  expect((await launcher.run('next', 'true', [], short)).code).toBe(0);
});

test('where the server is killed, the small process and what it runs end by themselves', async () => {
  const program = path.resolve(import.meta.dirname, 'support/killable-server.ts');
  const args = ['--import', 'tsx', program, path.join(started.dir, 'server')];
  const server = started.children.spawn('server', process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: server.stdout! }), 'line');
  const pids = line.split(' ').map(Number);
  expect(pids.map(isAlive)).toEqual([true, true]);
  server.kill('SIGKILL');
  await vi.waitFor(() => expect(pids.map(isAlive)).toEqual([false, false]));
});
