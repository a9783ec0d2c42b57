// Runs that are shared by concurrent calls.
import { expect, test } from 'vitest';
import { together } from '../../src/spool/together.ts';

/** Work that ends on command. Records the order in which it began. */
function steppedWork() {
  const begun: string[] = [];
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const work = (folder: string) => {
    begun.push(folder);
    return new Promise<void>((resolve, reject) => ends.push({ resolve, reject }));
  };
  return { begun, ends, work };
}

test('calls that arrive during a run share the next run, which begins afterwards', async () => {
  const { begun, ends, work } = steppedWork();
  const run = together(work);
  const first = run('a');
  const later = [run('a'), run('a')];
  expect(begun).toEqual(['a']);
  ends[0]!.resolve();
  await first;
  await expect.poll(() => begun).toEqual(['a', 'a']);
  ends[1]!.resolve();
  await Promise.all(later);
  expect(begun).toHaveLength(2);
});

test('a failed run fails only its own calls, and other folders do not wait for it', async () => {
  const { begun, ends, work } = steppedWork();
  const run = together(work);
  const first = run('a');
  const later = run('a');
  const other = run('b');
  expect(begun).toEqual(['a', 'b']);
  ends[1]!.resolve();
  await other;
  ends[0]!.reject(new Error('no'));
  await expect(first).rejects.toThrow('no');
  await expect.poll(() => begun).toEqual(['a', 'b', 'a']);
  ends[2]!.resolve();
  await later;
  void run('a');
  expect(begun).toEqual(['a', 'b', 'a', 'a']);
});
