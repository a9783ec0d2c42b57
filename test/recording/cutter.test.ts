// How a recording is cut into fragments.
import { expect, test } from 'vitest';
import { type Cut, Cutter } from '../../src/recording/cutter.ts';
import { type FeedUnit, timeOf } from '../../src/recording/feed/feed-unit.ts';
import { unitMaker } from '../support/media/units.ts';

const frameMs = 100;

/** All cuts of these pictures: presentation times in decoding order, and the indexes of the keyframes. */
function cutsOf(shown: readonly number[], keyframes: readonly number[], depth: number): Cut[] {
  const cutter = new Cutter();
  const units = unitMaker();
  const cuts: Cut[] = [];
  for (const [i, at] of shown.entries()) {
    const unit = units.picture(at * frameMs, keyframes.includes(i));
    const format = { ...unit.format, reorderDepth: depth } as FeedUnit['format'];
    cutter.push({ ...unit, format });
    for (let cut = cutter.cut(); cut; cut = cutter.cut()) cuts.push(cut);
  }
  const rest = cutter.flush();
  return rest ? [...cuts, rest] : cuts;
}
const times = ({ pictures }: Cut) => pictures.map((unit) => Math.round(timeOf(unit) / frameMs));

test('a fragment has half a second of pictures, or ends before a keyframe', () => {
  const cuts = cutsOf([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [0, 8], 0);
  expect(cuts.map(times)).toEqual([
    [0, 1, 2, 3, 4],
    [5, 6, 7],
    [8, 9],
  ]);
  expect(cuts.map(({ next }) => next && Math.round(timeOf(next) / frameMs))).toEqual([5, 8, undefined]);
});

test('there is no cut at which a later picture is presented earlier', () => {
  // I b B b P in decoding order of a pyramid: each P comes before the three pictures that precede it.
  const shown = [0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11, 16, 14, 13, 15];
  const cuts = cutsOf(shown, [0], 2);
  expect(cuts.flatMap(times)).toEqual(shown);
  for (const [i, cut] of cuts.slice(0, -1).entries()) {
    expect(Math.max(...times(cut))).toBeLessThan(Math.min(...cuts.slice(i + 1).flatMap(times)));
    expect(Math.round(timeOf(cut.next!) / frameMs)).toBe(Math.min(...times(cuts[i + 1]!)));
  }
  expect(cuts.length).toBeGreaterThan(2);
});

test('a picture is not held back for long if there is only one in two seconds', () => {
  const cutter = new Cutter();
  const units = unitMaker();
  cutter.push(units.picture(0, true));
  expect(cutter.cut()).toBeUndefined();
  expect(cutter.oldestAt).toBe(0);
  expect(cutter.cutShort()?.pictures).toHaveLength(1);
  expect([cutter.oldestAt, cutter.cutShort()]).toEqual([undefined, undefined]);
});

test('pictures are held back until all pictures have arrived that may be presented before them', () => {
  const cutter = new Cutter();
  const units = unitMaker();
  const taken: number[][] = [];
  for (const [i, at] of [0, 3, 1, 2, 6, 4, 5].entries()) {
    const unit = units.picture(at * frameMs, i === 0);
    cutter.push({ ...unit, format: { ...unit.format, reorderDepth: 1 } as FeedUnit['format'] });
    const cut = cutter.cutShort();
    if (cut) taken.push(times(cut));
  }
  expect(taken).toEqual([[0], [3, 1, 2]]);
});

test('an end is reached when no more picture can arrive that is presented before it', () => {
  const cutter = new Cutter();
  const units = unitMaker();
  const found: (number[] | undefined)[] = [];
  for (const [i, at] of [0, 3, 1, 2, 6, 4, 5, 9].entries()) {
    const unit = units.picture(at * frameMs, i === 0);
    cutter.push({ ...unit, format: { ...unit.format, reorderDepth: 1 } as FeedUnit['format'] });
    const cut = cutter.cutAt(4 * frameMs);
    found.push(cut && times(cut));
  }
  const nothing = Array.from({ length: 7 }, () => undefined);
  expect(found).toEqual([...nothing, [0, 3, 1, 2, 6, 4, 5]]);
  cutter.dropPictures();
  expect(cutter.flush()).toBeUndefined();
});

test('sound before the first picture is left out', () => {
  const cutter = new Cutter();
  const units = unitMaker();
  for (const at of [0, 64, 128, 192]) cutter.push(units.sound(at));
  cutter.dropSoundBefore(100);
  cutter.push(units.picture(110, true));
  expect(cutter.flush()?.sounds.map(timeOf)).toEqual([128, 192]);
});
