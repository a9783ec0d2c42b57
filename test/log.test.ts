// What a line of the log holds.
import { expect, test } from 'vitest';
import { createLog } from '../src/log.ts';

function logged(write: (log: ReturnType<typeof createLog>) => void) {
  const lines: string[] = [];
  write(createLog('info', { write: (line: string) => void lines.push(line) }));
  return JSON.parse(lines[0]!);
}

test('an error is written with its words and where it came from, one that is only words as they are', () => {
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

test('a stream address loses its credentials, also inside an error', () => {
  const line = logged((log) =>
    log.error({ error: new Error('rtsp://admin:s3cret@10.0.0.7/1 refused') }, 'x'),
  );
  expect(JSON.stringify(line)).not.toContain('s3cret');
});
