// The content of log lines.
import { expect, test } from 'vitest';
import { createLog } from '../src/log.ts';

function logged(write: (log: ReturnType<typeof createLog>) => void) {
  const lines: string[] = [];
  write(createLog('info', { write: (line: string) => void lines.push(line) }));
  return JSON.parse(lines[0]!);
}

const unfit = () => new TypeError('the row cannot be read', { cause: new Error('no such column') });

test('an error is written as a text with its causes, at every level and however it was passed', () => {
  const text = 'the row cannot be read: no such column';
  expect(logged((log) => log.warn({ error: unfit() }, 'x')).error).toBe(text);
  expect(logged((log) => log.error({ error: unfit() }, 'x')).error).toBe(text);
  expect(logged((log) => log.warn({ error: text }, 'x')).error).toBe(text);
  const refused = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' });
  expect(logged((log) => log.warn({ error: refused }, 'x')).error).toBe('ECONNREFUSED');
  expect(logged((log) => log.info({ id: 'a' }, 'x'))).not.toHaveProperty('error');
});

test('a cause that the message repeats is written once', () => {
  const error = new Error('It cannot be read: no such column', { cause: new Error('no such column') });
  expect(logged((log) => log.warn({ error }, 'x')).error).toBe('It cannot be read: no such column');
});

test('an error has its stack in a line of the level error only', () => {
  expect(logged((log) => log.error({ error: unfit() }, 'x')).stack).toMatch(
    /TypeError: .*log\.test\.ts.*Error: /s,
  );
  expect(logged((log) => log.warn({ error: unfit() }, 'x'))).not.toHaveProperty('stack');
});

test('credentials are removed from stream addresses, also inside an error', () => {
  const line = logged((log) =>
    log.error({ error: new Error('rtsp://admin:s3cret@10.0.0.7/1 refused') }, 'x'),
  );
  expect(JSON.stringify(line)).not.toContain('s3cret');
});
