// What is done for a viewer that does not take its bytes: nothing waits for long, and footage is not kept for it.
import { expect, test } from 'vitest';
import { Footage, FootageMemory } from '../../src/footage/memory.ts';
import { FootageWriter } from '../../src/footage/writer.ts';
import { type LiveFormat, LiveFragment } from '../../src/wall/live-fragment.ts';
import { Tile, Viewer, type ViewerConnection } from '../../src/wall/tile.ts';

const format: LiveFormat = { mimeType: 'video/mp4; codecs="avc1.42c00c"', message: Buffer.from('init') };
const mib = 2 ** 20;

/** A viewer whose connection takes what it is sent only while `isQuick`. */
function open() {
  const sent: string[] = [];
  const state = { isQuick: true };
  const connection: ViewerConnection = {
    together: (send) => send(),
    hasRoom: () => state.isQuick,
    sendFormat: (_number, { mimeType }) => void sent.push(mimeType),
    send: ({ views }) => void sent.push(String(views[0])),
    moved: () => {},
    gone: () => {},
  };
  const viewer = new Viewer(connection);
  const tile = new Tile(viewer, 1);
  viewer.tiles.set('camera', tile);
  return { viewer, tile, sent, state };
}

const memory = new FootageMemory();
/** How many fragments of those made here are still held. */
let held = 0;

class CountedFootage extends Footage {
  override release(): void {
    held--;
    super.release();
  }
}

function fragment(name: string, isStart = false, bytes = 1_000): LiveFragment {
  const writer = new FootageWriter(memory);
  writer.copy(Buffer.alloc(bytes), 0, bytes);
  const { pieces, from, to } = writer.finish();
  held++;
  const footage = new CountedFootage(memory, pieces, from, to, bytes);
  return new LiveFragment(Buffer.from(name), [footage], isStart ? { format, ticks: 1 } : undefined);
}

/** Passes it to the tile as its camera does. */
function pass({ tile, viewer }: ReturnType<typeof open>, made: LiveFragment): void {
  tile.take(made);
  made.release();
  viewer.send();
}

test('a tile begins with a keyframe and its format, which is sent once', () => {
  const it = open();
  for (const made of [fragment('a'), fragment('K', true), fragment('b'), fragment('L', true)]) pass(it, made);
  expect(it.sent).toEqual([format.mimeType, 'K', 'b', 'L']);
  expect(held).toBe(0);
});

test('what waits is sent in order when there is room again', () => {
  const it = open();
  pass(it, fragment('K', true));
  it.state.isQuick = false;
  for (const name of ['b', 'c']) pass(it, fragment(name));
  expect(it.sent.slice(1)).toEqual(['K']);
  expect([held, it.viewer.waitingBytes > 2_000]).toEqual([2, true]);
  it.state.isQuick = true;
  it.viewer.send();
  expect(it.sent.slice(1)).toEqual(['K', 'b', 'c']);
  expect([held, it.viewer.waitingBytes]).toEqual([0, 0]);
});

test('no more than 16 MiB wait; then everything up to the next keyframe is dropped', () => {
  const it = open();
  pass(it, fragment('K', true));
  it.state.isQuick = false;
  for (let i = 0; i < 15; i++) pass(it, fragment('waits', false, mib));
  expect(held).toBe(15);
  pass(it, fragment('too much', false, 2 * mib));
  expect([held, it.viewer.waitingBytes]).toEqual([0, 0]);
  it.state.isQuick = true;
  pass(it, fragment('cannot be decoded'));
  pass(it, fragment('L', true));
  expect(it.sent.slice(1)).toEqual(['K', 'L']);
});

test('what has waited for two seconds is dropped, up to the newest keyframe that waits', async () => {
  const it = open();
  pass(it, fragment('K', true));
  it.state.isQuick = false;
  for (const name of ['b', 'c']) pass(it, fragment(name));
  pass(it, fragment('L', true));
  pass(it, fragment('d'));
  await expect
    .poll(
      () => {
        it.viewer.send();
        return held;
      },
      { timeout: 5_000 },
    )
    .toBe(2);
  it.state.isQuick = true;
  it.viewer.send();
  expect(it.sent.slice(1)).toEqual(['K', 'L', 'd']);
});

test('a viewer may ask to go back once a second', async () => {
  const { tile } = open();
  expect([tile.mayGoBack(), tile.mayGoBack()]).toEqual([true, false]);
  await expect.poll(() => tile.mayGoBack(), { timeout: 5_000 }).toBe(true);
});

test('what was asked for with `back` waits longer, and a tile that is closed keeps nothing', async () => {
  const it = open();
  pass(it, fragment('K', true));
  it.state.isQuick = false;
  const back = [fragment('O', true, 20 * mib), fragment('p', false, 20 * mib)];
  it.tile.begin(back, true);
  for (const made of back) made.release();
  pass(it, fragment('q'));
  expect(held).toBe(3);
  it.tile.close();
  expect([held, it.viewer.waitingBytes]).toEqual([0, 0]);
});
