// Runs that calls of the same moment share.
import { expect, test } from 'vitest';
import { together } from '../../src/spool/together.ts';

/** Work that ends when it is told to, in the order in which it began. */
function steppedWork() {
  const begun: string[] = [];
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const work = (folder: string) => {
    begun.push(folder);
    return new Promise<void>((resolve, reject) => ends.push({ resolve, reject }));
  };
  return { begun, ends, work };
}

test('calls that come while a run is under way share the next run, which begins after them', async () => {
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

test('a run that fails fails its own calls only; other folders do not wait for it', async () => {
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
