// Memory for footage that is used again and again. With a new buffer for each fragment, V8 would mark its whole heap
// several times a second to find the old ones: three quarters of the main thread's work with 64 cameras.
//
// A fragment's bytes belong to the feed that read them, until its ring drops them, and to each spool that has yet to
// write them. When the last of these lets go, they are overwritten. Who never lets go does no harm: the memory is
// collected with the fragment then, as any other.

/** Sizes are rounded up to this, so that what one fragment leaves fits another. */
const grainBytes = 32 * 1024;
/** Rings drop a keyframe interval at a time; what lies unused between that and the next fragments stays below this. */
const keptBytes = 32 * 2 ** 20;

interface Use {
  readonly block: Buffer;
  holders: number;
}

const uses = new WeakMap<Buffer, Use>();
/** By their size. */
const free = new Map<number, Buffer[]>();
let freeBytes = 0;

/** As many bytes, with anything in them, held once. */
export function takeMemory(bytes: number): Buffer {
  const size = Math.ceil(bytes / grainBytes) * grainBytes;
  const used = free.get(size)?.pop();
  if (used) freeBytes -= size;
  const block = used ?? Buffer.allocUnsafeSlow(size);
  const memory = block.subarray(0, bytes);
  uses.set(memory, { block, holders: 1 });
  return memory;
}

/** To be followed by one letGo. Memory from elsewhere is left alone, here and there. */
export function hold(memory: Buffer): void {
  const use = uses.get(memory);
  if (use) use.holders++;
}

/** It must not be read any more by whoever held it. */
export function letGo(memory: Buffer): void {
  const use = uses.get(memory);
  if (!use || --use.holders > 0) return;
  uses.delete(memory);
  const { block } = use;
  if (freeBytes + block.length > keptBytes) return;
  const others = free.get(block.length);
  if (others) others.push(block);
  else free.set(block.length, [block]);
  freeBytes += block.length;
}
