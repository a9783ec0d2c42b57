// A node notifies the others of what it wrote: at most ten times a second, and always of the last write.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Notifier } from '../../src/pubsub/notifier.ts';

test('many writes cause at most ten notifications a second, and the last write causes one too', async () => {
  const sentAt: number[] = [];
  let written = 0;
  let told = 0;
  const notifier = new Notifier({
    send: async () => {
      sentAt.push(performance.now());
      told = written;
    },
  });
  const startedAt = performance.now();
  while (performance.now() - startedAt < 450) {
    written++;
    notifier.note();
    await sleep(1);
  }
  await expect.poll(() => told).toBe(written);
  const tookMs = performance.now() - startedAt;
  expect(sentAt.length).toBeGreaterThan(1);
  expect(sentAt.length).toBeLessThanOrEqual(tookMs / 100 + 1);
  expect(written).toBeGreaterThan(2 * sentAt.length);
  await notifier.close();
});

test('what could not be sent is sent when the connection is back, or at the end', async () => {
  let isConnected = false;
  let tries = 0;
  let sent = 0;
  const send = async () => {
    tries++;
    if (!isConnected) throw new Error('The connection is lost.');
    sent++;
  };
  const notifier = new Notifier({ send });
  notifier.note();
  await expect.poll(() => tries).toBe(1);
  isConnected = true;
  notifier.retry();
  await expect.poll(() => sent).toBe(1);
  // Nothing is due any more.
  notifier.retry();
  notifier.note();
  await notifier.close();
  expect(sent).toBe(2);
});
