// The content of log lines.
import { expect, test } from 'vitest';
import { createLog } from '../src/log.ts';

function logged(write: (log: ReturnType<typeof createLog>) => void) {
  const lines: string[] = [];
  write(createLog('info', { write: (line: string) => void lines.push(line) }));
  return JSON.parse(lines[0]!);
}

test('an Error is logged with its message and stack, a message alone unchanged', () => {
  const line = logged((log) =>
    log.error({ error: new TypeError('made is not defined') }, 'a request failed'),
  );
  expect(line).toMatchObject({
    msg: 'a request failed',
    error: { type: 'TypeError', message: 'made is not defined' },
  });
  expect(line.error.stack).toContain('log.test.ts');
  expect(logged((log) => log.warn({ error: 'gone' }, 'x')).error).toBe('gone');
});

test('credentials are removed from stream addresses, also inside an error', () => {
  const line = logged((log) =>
    log.error({ error: new Error('rtsp://admin:s3cret@10.0.0.7/1 refused') }, 'x'),
  );
  expect(JSON.stringify(line)).not.toContain('s3cret');
});
