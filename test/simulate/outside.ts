// What stands in the place of the bucket and of ffmpeg.
import { Posters } from '../../src/finishing/posters.ts';
import { Storyboards } from '../../src/finishing/storyboards.ts';
import type { Store } from '../../src/store/store.ts';

/** A bucket that takes every object and keeps only its size. It has no uploads in parts, and so no copies either. */
export function simulatedStore(): Store {
  const sizes = new Map<string, number>();
  const addressOf = (key: string) => `http://127.0.0.1:9/simulated/${key}`;
  return {
    kind: 's3',
    uploads: undefined,
    guarded: undefined,
    async put(key, { size }) {
      sizes.set(key, size);
    },
    async stat(key) {
      const size = sizes.get(key);
      return size === undefined ? undefined : { size, contentType: 'video/mp4', etag: '"1"' };
    },
    async *read() {
      yield Buffer.alloc(0);
    },
    async remove(key) {
      sizes.delete(key);
    },
    async removeAll(objects) {
      for (const { key } of objects) sizes.delete(key);
      return new Map();
    },
    async *list() {
      for (const [key, size] of sizes) yield { key, size };
    },
    async *listUnfinished() {
      yield* [];
    },
    url: async (key) => addressOf(key),
    downloadUrl: async (key) => addressOf(key),
    address: addressOf,
    async check() {},
    async close() {},
  };
}

/** Start and end of a JPEG. */
const jpeg = Buffer.from('ffd8ffd9', 'hex');

/** Starts no ffmpeg: the poster of every clip is the same. */
export class SimulatedPosters extends Posters {
  override expect(): void {}

  override async of(): Promise<Buffer> {
    return jpeg;
  }
}

/** Keeps nothing, and so makes no storyboard. */
export class SimulatedStoryboards extends Storyboards {
  override async keep(): Promise<() => void> {
    return () => {};
  }
}
