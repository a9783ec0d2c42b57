/**
 * A strict reader of finished (progressive) MP4 files, written from ISO/IEC 14496-12 and independent of src/mp4, which
 * it judges. Every breach of the format throws.
 */
import assert from 'node:assert/strict';
import type { FileHandle } from 'node:fs/promises';

export interface StrictFacts {
  brands: string[];
  /** Types of the top-level boxes, in order. */
  boxes: string[];
  /** Seconds, from `mvhd`. */
  duration: number;
  payloadBytes: number;
  tracks: StrictTrack[];
}

export interface StrictTrack {
  id: number;
  /** `vide` or `soun`. */
  handler: string;
  /** The sample entry's type: `avc1`, `hvc1`, `mp4a`, `Opus`. */
  entry: string;
  samples: number;
  /** The number of samples with which decoding can begin. */
  syncSamples: number;
  /** Seconds: of the media (`mdhd`), and of the track with its edits (`tkhd`). */
  mediaDuration: number;
  duration: number;
  /** `mediaTime` in ticks of the track, -1 for an empty edit; `duration` in seconds. */
  edits: { duration: number; mediaTime: number }[];
  chunkOffsets: number[];
  offsetBox: 'stco' | 'co64';
}

interface Node {
  type: string;
  body: number;
  end: number;
}

/** Allowed exceptions from the usual form of a file. */
export interface Leniency {
  /** Not every byte of the mdat belongs to a sample. */
  mayHaveUnusedPayload: boolean;
  /** The moov may come behind the mdat. */
  mayStartSlowly: boolean;
}

/**
 * Walks the file and checks: every box lies inside its parent, `ftyp` is first, `moov` comes before `mdat`, the sample
 * tables agree with each other, and every byte of the mdat belongs to exactly one sample (unless
 * `mayHaveUnusedPayload`).
 */
export async function walkStrictly(
  file: FileHandle,
  { mayHaveUnusedPayload, mayStartSlowly }: Leniency,
): Promise<StrictFacts> {
  const top = await topLevel(file);
  const types = top.map(({ type }) => type);
  assert.equal(types[0], 'ftyp', `the file begins with ${types[0]}`);
  assert.equal(types.filter((type) => type === 'moov').length, 1, 'one moov');
  assert.equal(types.filter((type) => type === 'mdat').length, 1, 'one mdat');
  const isFast = types.indexOf('moov') < types.indexOf('mdat');
  assert.ok(isFast || mayStartSlowly, 'the moov comes before the mdat (fast start)');
  const ftyp = await bytesOf(file, top[0]!);
  const moov = await bytesOf(file, top.find(({ type }) => type === 'moov')!);
  const mdat = top.find(({ type }) => type === 'mdat')!;
  return readMovie(ftyp, types, moov, mdat, mayHaveUnusedPayload);
}

async function topLevel(file: FileHandle): Promise<Node[]> {
  const { size } = await file.stat();
  const nodes: Node[] = [];
  for (let at = 0; at < size; ) {
    const header = Buffer.alloc(16);
    await file.read(header, 0, 16, at);
    const node = nodeAt(header, 0, at, size);
    nodes.push(node);
    at = node.end;
  }
  return nodes;
}

async function bytesOf(file: FileHandle, { body, end }: Node): Promise<Buffer> {
  const bytes = Buffer.alloc(end - body);
  await file.read(bytes, 0, bytes.length, body);
  return bytes;
}

function nodeAt(buf: Buffer, offset: number, at: number, parentEnd: number): Node {
  const type = buf.toString('latin1', offset + 4, offset + 8);
  const isLarge = buf.readUInt32BE(offset) === 1;
  const size = isLarge ? Number(buf.readBigUInt64BE(offset + 8)) : buf.readUInt32BE(offset);
  assert.ok(size >= (isLarge ? 16 : 8), `${type} at ${at} has a size of ${size}`);
  assert.ok(at + size <= parentEnd, `${type} at ${at} ends at ${at + size}, its parent at ${parentEnd}`);
  return { type, body: at + (isLarge ? 16 : 8), end: at + size };
}

function childrenOf(buf: Buffer, { body, end }: Pick<Node, 'body' | 'end'>, skip = 0): Node[] {
  const nodes: Node[] = [];
  for (let at = body + skip; at < end; ) {
    const node = nodeAt(buf, at, at, end);
    nodes.push(node);
    at = node.end;
  }
  return nodes;
}

function the(buf: Buffer, parent: Pick<Node, 'body' | 'end'>, ...path: string[]): Node {
  let node = parent;
  for (const type of path) {
    const matches = childrenOf(buf, node).filter((child) => child.type === type);
    assert.equal(matches.length, 1, `${path.join('/')}: ${matches.length} of '${type}'`);
    node = matches[0]!;
  }
  return node as Node;
}

function readMovie(
  ftyp: Buffer,
  boxes: string[],
  moov: Buffer,
  mdat: Node,
  mayHaveUnused: boolean,
): StrictFacts {
  const root = { body: 0, end: moov.length };
  const top = childrenOf(moov, root);
  assert.ok(!top.some(({ type }) => type === 'mvex'), 'a finished file announces no fragments (mvex)');
  const movie = durationOf(moov, the(moov, root, 'mvhd'));
  const traks = top.filter(({ type }) => type === 'trak');
  const read = traks.map((trak) => readTrack(moov, trak, movie.timescale));
  checkPlaces(
    read.flatMap(({ chunks }) => chunks),
    mdat,
    mayHaveUnused,
  );
  const tracks = read.map(({ track }) => track);
  assert.equal(new Set(tracks.map(({ id }) => id)).size, tracks.length, 'every track has an id of its own');
  const longest = Math.max(...tracks.map(({ duration }) => duration));
  assert.ok(
    Math.abs(longest - movie.seconds) <= 1 / movie.timescale,
    'the movie lasts as long as its longest track',
  );
  const brands = [...ftyp.toString('latin1').matchAll(/.{4}/gs)].map(([brand]) => brand);
  brands.splice(1, 1);
  return { brands, boxes, duration: movie.seconds, payloadBytes: mdat.end - mdat.body, tracks };
}

/** mvhd, mdhd: two times, timescale, duration. tkhd: two times, id, reserved, duration. */
function durationOf(buf: Buffer, node: Node): { timescale: number; ticks: number; seconds: number } {
  const isV1 = buf[node.body] === 1;
  const word = node.body + 4 + (isV1 ? 16 : 8);
  const timescale = buf.readUInt32BE(word);
  const at = word + (node.type === 'tkhd' ? 8 : 4);
  const ticks = isV1 ? Number(buf.readBigUInt64BE(at)) : buf.readUInt32BE(at);
  return { timescale, ticks, seconds: ticks / timescale };
}

interface PlacedChunk {
  from: number;
  to: number;
}

function readTrack(
  buf: Buffer,
  trak: Node,
  movieTimescale: number,
): { track: StrictTrack; chunks: PlacedChunk[] } {
  const header = durationOf(buf, the(buf, trak, 'tkhd'));
  const media = durationOf(buf, the(buf, trak, 'mdia', 'mdhd'));
  const hdlr = the(buf, trak, 'mdia', 'hdlr');
  const stbl = the(buf, trak, 'mdia', 'minf', 'stbl');
  const durations = runs(buf, the(buf, stbl, 'stts'));
  const sizes = readSizes(buf, the(buf, stbl, 'stsz'));
  assert.ok(sizes.length > 0, 'a track without samples');
  assert.equal(durations.length, sizes.length, 'stts and stsz have the same number of samples');
  assert.ok(
    durations.slice(0, -1).every((duration) => duration > 0),
    'decode times increase',
  );
  const sum = durations.reduce((total, duration) => total + duration, 0);
  assert.equal(media.ticks, sum, 'mdhd is the sum of stts');
  checkOffsets(buf, stbl, sizes.length);
  const edits = readEdits(buf, trak).map((edit) => ({ ...edit, duration: edit.duration / movieTimescale }));
  const edited = edits.length > 0 ? edits.reduce((total, edit) => total + edit.duration, 0) : media.seconds;
  const duration = header.ticks / movieTimescale;
  assert.ok(Math.abs(edited - duration) <= 1 / movieTimescale, 'tkhd is the sum of the edits, or the media');
  const { offsets, type } = readOffsets(buf, stbl);
  const track: StrictTrack = {
    id: header.timescale,
    handler: buf.toString('latin1', hdlr.body + 8, hdlr.body + 12),
    entry: childrenOf(buf, the(buf, stbl, 'stsd'), 8)[0]!.type,
    samples: sizes.length,
    syncSamples: readSync(buf, stbl, sizes.length),
    mediaDuration: media.seconds,
    duration,
    edits,
    chunkOffsets: offsets,
    offsetBox: type,
  };
  return { track, chunks: placeChunks(buf, stbl, sizes, offsets) };
}

/** stts and ctts: pairs of a count and a value, expanded to one value per sample. */
function runs(buf: Buffer, node: Node): number[] {
  const pairs = buf.readUInt32BE(node.body + 4);
  assert.equal(node.end - node.body, 8 + pairs * 8, `${node.type} is as long as its count says`);
  const values: number[] = [];
  for (let i = 0; i < pairs; i++) {
    const at = node.body + 8 + i * 8;
    const value =
      node.type === 'ctts' && buf[node.body] === 1 ? buf.readInt32BE(at + 4) : buf.readUInt32BE(at + 4);
    for (let left = buf.readUInt32BE(at); left > 0; left--) values.push(value);
  }
  return values;
}

function readSizes(buf: Buffer, stsz: Node): number[] {
  const uniform = buf.readUInt32BE(stsz.body + 4);
  const count = buf.readUInt32BE(stsz.body + 8);
  if (uniform > 0) return new Array<number>(count).fill(uniform);
  assert.equal(stsz.end - stsz.body, 12 + count * 4, 'stsz is as long as its count says');
  return Array.from({ length: count }, (_, i) => buf.readUInt32BE(stsz.body + 12 + i * 4));
}

function checkOffsets(buf: Buffer, stbl: Node, samples: number): void {
  const ctts = childrenOf(buf, stbl).find(({ type }) => type === 'ctts');
  if (!ctts) return;
  const offsets = runs(buf, ctts);
  assert.equal(offsets.length, samples, 'ctts has one offset per sample');
  assert.ok(
    offsets.every((offset) => offset < 2 ** 31),
    'negative offsets are in a ctts of version 1',
  );
}

function readSync(buf: Buffer, stbl: Node, samples: number): number {
  const stss = childrenOf(buf, stbl).find(({ type }) => type === 'stss');
  if (!stss) return samples;
  const count = buf.readUInt32BE(stss.body + 4);
  assert.equal(stss.end - stss.body, 8 + count * 4, 'stss is as long as its count says');
  let previous = 0;
  for (let i = 0; i < count; i++) {
    const number = buf.readUInt32BE(stss.body + 8 + i * 4);
    assert.ok(number > previous && number <= samples, 'stss rises within the samples');
    previous = number;
  }
  return count;
}

function readEdits(buf: Buffer, trak: Node): { duration: number; mediaTime: number }[] {
  if (!childrenOf(buf, trak).some(({ type }) => type === 'edts')) return [];
  const elst = the(buf, trak, 'edts', 'elst');
  assert.equal(buf[elst.body], 0, 'elst of version 0');
  const count = buf.readUInt32BE(elst.body + 4);
  assert.equal(elst.end - elst.body, 8 + count * 12, 'elst is as long as its count says');
  return Array.from({ length: count }, (_, i) => {
    const at = elst.body + 8 + i * 12;
    return { duration: buf.readUInt32BE(at), mediaTime: buf.readInt32BE(at + 4) };
  });
}

function readOffsets(buf: Buffer, stbl: Node): { type: 'stco' | 'co64'; offsets: number[] } {
  const type = childrenOf(buf, stbl).some((child) => child.type === 'co64') ? 'co64' : 'stco';
  const node = the(buf, stbl, type);
  const count = buf.readUInt32BE(node.body + 4);
  const width = type === 'co64' ? 8 : 4;
  assert.equal(node.end - node.body, 8 + count * width, `${type} is as long as its count says`);
  const offsets = Array.from({ length: count }, (_, i) => {
    const at = node.body + 8 + i * width;
    return type === 'co64' ? Number(buf.readBigUInt64BE(at)) : buf.readUInt32BE(at);
  });
  return { type, offsets };
}

/** stsc states how many samples each chunk has, from an entry's first chunk to that of the next entry. */
function placeChunks(buf: Buffer, stbl: Node, sizes: number[], offsets: number[]): PlacedChunk[] {
  const stsc = the(buf, stbl, 'stsc');
  const entries = buf.readUInt32BE(stsc.body + 4);
  const chunks: PlacedChunk[] = [];
  let sample = 0;
  for (let i = 0; i < entries; i++) {
    const at = stsc.body + 8 + i * 12;
    const first = buf.readUInt32BE(at);
    const last = i + 1 < entries ? buf.readUInt32BE(at + 12) - 1 : offsets.length;
    assert.equal(first, chunks.length + 1, 'stsc begins at chunk 1 and rises');
    for (let chunk = first; chunk <= last; chunk++) {
      const inside = sizes.slice(sample, sample + buf.readUInt32BE(at + 4));
      const from = offsets[chunk - 1]!;
      chunks.push({ from, to: from + inside.reduce((total, size) => total + size, 0) });
      sample += inside.length;
    }
  }
  assert.equal(chunks.length, offsets.length, 'stsc and the chunk offsets have the same number of chunks');
  assert.equal(sample, sizes.length, 'stsc and stsz have the same number of samples');
  return chunks;
}

function checkPlaces(chunks: PlacedChunk[], mdat: Node, mayHaveUnused: boolean): void {
  let at = mdat.body;
  for (const { from, to } of chunks.sort((a, b) => a.from - b.from)) {
    assert.ok(
      from >= at && to <= mdat.end,
      `a chunk at ${from} to ${to} overlaps another or leaves the mdat`,
    );
    assert.ok(mayHaveUnused || from === at, `${from - at} bytes of the mdat at ${at} belong to no sample`);
    at = to;
  }
  assert.ok(
    mayHaveUnused || at === mdat.end,
    `${mdat.end - at} bytes at the end of the mdat belong to no sample`,
  );
}
