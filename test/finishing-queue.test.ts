import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { FinishingQueue, type Outcome } from '../src/finishing/queue.ts';

/** A queue whose tries are answered by the test, in whatever order. */
function startQueue(atOnce: number) {
  const begun: string[] = [];
  const answers = new Map<string, (outcome: Outcome) => void>();
  const work = (id: string) => {
    begun.push(id);
    return new Promise<Outcome>((resolve) => answers.set(id, resolve));
  };
  const queue = new FinishingQueue({ atOnce, work, now: Date.now });
  onTestFinished(async () => {
    for (const answer of answers.values()) answer('done');
    await queue.close();
  });
  const answer = async (id: string, outcome: Outcome) => {
    answers.get(id)!(outcome);
    await sleep(0);
  };
  return { queue, begun, answer };
}

test('takes turns between cameras, however many clips of one came first', async () => {
  const { queue, begun, answer } = startQueue(2);
  for (const id of ['a1', 'a2', 'a3', 'a4']) queue.add(id, 'a');
  queue.add('b1', 'b');
  queue.add('c1', 'c');
  expect(begun).toEqual(['a1', 'a2']);
  await answer('a1', 'done');
  await answer('b1', 'done');
  await answer('c1', 'done');
  expect(begun).toEqual(['a1', 'a2', 'b1', 'c1', 'a3']);
  expect(queue.depth).toBe(3);
});

test('doubles the pause with each fault up to half a minute, and the first success ends all pauses', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const { queue, begun, answer } = startQueue(1);
  const tick = async (id: string) => {
    const before = begun.length;
    let waited = 0;
    for (; begun.length === before && waited < 100_000; waited += 100) await vi.advanceTimersByTimeAsync(100);
    expect(begun.at(-1)).toBe(id);
    return waited;
  };
  const settle = async (id: string, outcome: Outcome) => {
    void answer(id, outcome);
    await vi.advanceTimersByTimeAsync(0);
  };
  queue.add('a', 'a');
  const waits = [];
  for (let i = 0; i < 10; i++) {
    await settle('a', 'later');
    waits.push(await tick('a'));
  }
  for (const [i, waited] of waits.entries()) {
    const pause = Math.min(1_000 * 2 ** i, 30_000);
    expect(waited).toBeGreaterThan(pause * 0.7);
    expect(waited).toBeLessThan(pause * 1.3 + 200);
  }
  await settle('a', 'later');
  queue.add('b', 'b');
  await settle('b', 'done');
  await vi.advanceTimersByTimeAsync(1);
  expect(begun.slice(-2)).toEqual(['b', 'a']);
});

test('from a fault to the next success only one at a time asks whether the store is back', async () => {
  const { queue, begun, answer } = startQueue(3);
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) queue.add(id, id);
  for (const id of ['a', 'b', 'c']) await answer(id, 'later');
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
  await answer('d', 'later');
  expect(begun.slice(4)).toEqual(['e']);
  await answer('e', 'done');
  expect(begun.slice(5)).toEqual(['f', 'a', 'b']);
});

test('a clip that is taken out while the store is away says nothing about its return', async () => {
  const { queue, begun, answer } = startQueue(1);
  queue.add('a', 'a');
  queue.add('b', 'b');
  await answer('a', 'later');
  const gone = queue.discard('b');
  await answer('b', 'done');
  await gone;
  expect(begun).toEqual(['a', 'b']);
});

test('a clip that is taken out is aborted, and nothing of it goes on', async () => {
  let ended = false;
  const work = (_id: string, signal: AbortSignal) =>
    new Promise<Outcome>((resolve) =>
      signal.addEventListener('abort', () => {
        ended = true;
        resolve('done');
      }),
    );
  const queue = new FinishingQueue({ atOnce: 1, work, now: Date.now });
  queue.add('a', 'a');
  await queue.discard('a');
  expect([ended, queue.depth]).toEqual([true, 0]);
});
