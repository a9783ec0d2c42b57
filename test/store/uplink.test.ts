// The uplink to the bucket: the memory and bandwidth of all uploads, and their order.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Uplink } from '../../src/store/uplink.ts';

const Mib = 1024 * 1024;
const recording = () => false;
const ending = () => true;

test('at most six parts of 5 MiB are in memory, in all uploads together', async () => {
  const uplink = new Uplink();
  let now = 0;
  let most = 0;
  const send = () =>
    uplink.withMemory(5 * Mib, recording, async () => {
      most = Math.max(most, ++now);
      await sleep(5);
      now--;
    });
  await Promise.all(Array.from({ length: 40 }, send));
  expect([most, now]).toEqual([6, 0]);
});

test('the memory of a part is used again for the next ones, as long as that stays within the limit', async () => {
  const uplink = new Uplink();
  const seen = new Set<ArrayBufferLike>();
  const send = (bytes: number) =>
    uplink.withMemory(bytes, recording, async (memory) => {
      expect(memory).toHaveLength(bytes);
      seen.add(memory.buffer);
      await sleep(1);
    });
  for (const bytes of [5 * Mib, 5 * Mib, 3 * Mib]) await send(bytes);
  expect(seen.size).toBe(1);
  await Promise.all(Array.from({ length: 6 }, () => send(5 * Mib)));
  await Promise.all(Array.from({ length: 6 }, () => send(5 * Mib)));
  expect(seen.size).toBe(6);
  // This part takes all the memory, so the kept buffers are dropped; the next part gets a new buffer.
  await send(30 * Mib);
  await send(5 * Mib);
  expect(seen.size).toBe(8);
});

test('a part larger than the whole memory limit is sent alone', async () => {
  const uplink = new Uplink();
  const order: string[] = [];
  const send = (name: string, bytes: number) =>
    uplink.withMemory(bytes, recording, async () => {
      order.push(`${name} begins`);
      await sleep(5);
      order.push(`${name} ends`);
    });
  await Promise.all([send('small', Mib), send('large', 100 * Mib), send('last', Mib)]);
  expect(order).toEqual([
    'small begins',
    'small ends',
    'large begins',
    'large ends',
    'last begins',
    'last ends',
  ]);
});

test('free memory goes first to clips that have ended, even to one that ends while it waits', async () => {
  const uplink = new Uplink();
  const order: string[] = [];
  let isOver = false;
  const send = (name: string, isUrgent: () => boolean) =>
    uplink.withMemory(50 * Mib, isUrgent, async () => {
      order.push(name);
      await sleep(5);
    });
  const all = [send('first', recording), send('second', recording), send('third', () => isOver)];
  isOver = true;
  all.push(send('fourth', ending));
  await Promise.all(all);
  expect(order).toEqual(['first', 'third', 'fourth', 'second']);
});

test('an upload that fails releases its memory', async () => {
  const uplink = new Uplink();
  const failing = uplink.withMemory(50 * Mib, recording, async () => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
  await uplink.withMemory(50 * Mib, recording, async () => {});
});

test('UPLOAD_MAX_BITS_PER_SEC limits all uploads together, and each gets an equal share', async () => {
  const uplink = new Uplink(8_000_000);
  const chunk = 16 * 1024;
  const shares = [0, 0, 0];
  const began = performance.now();
  await Promise.all(
    shares.map(async (_, i) => {
      const pace = uplink.pace(recording)!;
      while (performance.now() - began < 600) {
        await pace(chunk);
        shares[i]! += chunk;
      }
    }),
  );
  const seconds = (performance.now() - began) / 1_000;
  const bitsPerSec = (shares.reduce((sum, share) => sum + share) * 8) / seconds;
  expect(bitsPerSec).toBeLessThan(8_800_000);
  expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(2 * chunk);
  expect(new Uplink().pace(recording)).toBeUndefined();
});

test('a clip that has ended is sent before clips that are being recorded', async () => {
  const uplink = new Uplink(8_000_000);
  const order: string[] = [];
  const send = async (name: string, isUrgent: () => boolean) => {
    const pace = uplink.pace(isUrgent)!;
    for (let i = 0; i < 4; i++) await pace(16 * 1024);
    order.push(name);
  };
  await Promise.all([send('recorded', recording), send('ended', ending)]);
  expect(order).toEqual(['ended', 'recorded']);
});
