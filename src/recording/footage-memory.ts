// Memory for footage that is used again and again. With new buffers for each fragment, V8 would mark its whole heap
// several times a second to find the old ones: three quarters of the main thread's work with 64 cameras. It comes in
// pieces of one size, so that what one fragment leaves fits any other.
//
// A fragment's footage belongs to the feed that read it, until its ring drops it, and to each spool that has yet to
// write it. When the last of these lets go, it is overwritten. Who never lets go does no harm: the memory is collected
// with the fragment then, as any other.

const pieceBytes = 32 * 1024;
/** Rings drop a keyframe interval at a time; what lies unused between that and the next fragments stays below this. */
const keptPieces = (32 * 2 ** 20) / pieceBytes;

const free: Buffer[] = [];
const uses = new WeakMap<readonly Buffer[], { readonly pieces: readonly Buffer[]; holders: number }>();

/** As many bytes, with anything in them, held once. */
export function takeMemory(bytes: number): readonly Buffer[] {
  const count = Math.ceil(bytes / pieceBytes);
  const pieces = Array.from({ length: count }, () => free.pop() ?? Buffer.allocUnsafeSlow(pieceBytes));
  const rest = bytes - (count - 1) * pieceBytes;
  const memory = pieces.map((piece, i) => (i === count - 1 ? piece.subarray(0, rest) : piece));
  uses.set(memory, { pieces, holders: 1 });
  return memory;
}

/** To be followed by one letGo. Memory from elsewhere is left alone, here and there. */
export function hold(memory: readonly Buffer[]): void {
  const use = uses.get(memory);
  if (use) use.holders++;
}

/** It must not be read any more by whoever held it. */
export function letGo(memory: readonly Buffer[]): void {
  const use = uses.get(memory);
  if (!use || --use.holders > 0) return;
  uses.delete(memory);
  free.push(...use.pieces.slice(0, Math.max(0, keptPieces - free.length)));
}
