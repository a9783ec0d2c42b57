/** The sample table of a progressive track (`stbl`): ISO/IEC 14496-12, 8.5 to 8.7. */
import { box, fullBox, u32 } from './boxes.ts';
import type { Column } from './column.ts';
import type { TrackTable } from './track-table.ts';

/**
 * The `stbl` box of a track in a file whose payload begins at byte `payloadOffset`.
 * `sampleDescription` is the whole `stsd` box.
 */
export function sampleTableBox(table: TrackTable, sampleDescription: Buffer, payloadOffset: number): Buffer {
  return box(
    'stbl',
    sampleDescription,
    timeToSample(table),
    ...compositionOffsets(table),
    ...syncSamples(table),
    sampleToChunk(table),
    sampleSizes(table),
    chunkOffsets(table, payloadOffset),
  );
}

/** Decoding times as durations (8.6.1.2). */
function timeToSample(table: TrackTable): Buffer {
  return runsBox('stts', 0, runLengths(table.durations));
}

/** From decoding to showing (8.6.1.3); left out if it is always 0, and signed only if necessary. */
function compositionOffsets(table: TrackTable): Buffer[] {
  const runs = runLengths(table.compositionOffsets);
  if (runs.length === 2 && runs[1] === 0) return [];
  return [runsBox('ctts', hasNegativeOffsets(table) ? 1 : 0, runs)];
}

/**
 * True when a sample is shown before the time at which it is decoded, which `ctts` can say from version 1 on.
 */
function hasNegativeOffsets(table: TrackTable): boolean {
  let isNegative = false;
  table.compositionOffsets.forEach((offset) => {
    if (offset < 0) isNegative = true;
  });
  return isNegative;
}

/** Keyframes (8.6.2). A track without this box can be decoded from each of its samples. */
function syncSamples({ track, syncSamples, sizes }: TrackTable): Buffer[] {
  if (track.kind !== 'video' || syncSamples.length === sizes.length) return [];
  return [fullBox('stss', 0, 0, u32(syncSamples.length), packed(syncSamples))];
}

/**
 * Samples per chunk (8.7.4): the first chunk of each stretch of equal ones, its samples, its description's
 * number.
 */
function sampleToChunk(table: TrackTable): Buffer {
  const runs = runLengths(table.chunkSamples);
  const entries: number[] = [];
  let chunk = 1;
  for (let i = 0; i < runs.length; i += 2) {
    entries.push(chunk, runs[i + 1]!, 1);
    chunk += runs[i]!;
  }
  return fullBox('stsc', 0, 0, u32(entries.length / 3), packed(entries));
}

/** Sizes (8.7.3.2); one number is enough when all are equal. */
function sampleSizes({ sizes }: TrackTable): Buffer {
  const [count, size] = runLengths(sizes);
  if (count === sizes.length && size) return fullBox('stsz', 0, 0, u32(size, count));
  return fullBox('stsz', 0, 0, u32(0, sizes.length), packed(sizes));
}

/** Where chunks begin in the file (8.7.5): in 32 bits, or in 64 when one begins beyond 4 GiB. */
function chunkOffsets({ chunkPositions }: TrackTable, payloadOffset: number): Buffer {
  const { length } = chunkPositions;
  let farthest = 0;
  chunkPositions.forEach((position) => {
    farthest = Math.max(farthest, payloadOffset + position);
  });
  const isLarge = farthest > 0xffffffff;
  const offsets = Buffer.alloc(length * (isLarge ? 8 : 4));
  let at = 0;
  chunkPositions.forEach((position) => {
    const offset = payloadOffset + position;
    at = isLarge ? offsets.writeBigUInt64BE(BigInt(offset), at) : offsets.writeUInt32BE(offset, at);
  });
  return fullBox(isLarge ? 'co64' : 'stco', 0, 0, u32(length), offsets);
}

/**
 * Run-length encoding as in `stts` and `ctts`: count, value, count, value, and so on. The list is flat, because with a
 * jittering clock there are nearly as many runs as samples.
 */
function runLengths(values: Column): number[] {
  const runs: number[] = [];
  let lastValue: number | undefined;
  values.forEach((value) => {
    if (value === lastValue) runs[runs.length - 2]! += 1;
    else runs.push(1, value);
    lastValue = value;
  });
  return runs;
}

function runsBox(type: string, version: number, runs: number[]): Buffer {
  return fullBox(type, version, 0, u32(runs.length / 2), packed(runs));
}

/** Like u32, for lists that are too long for arguments. */
function packed(values: Column | number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  let at = 0;
  values.forEach((value) => {
    at = bytes.writeUInt32BE(value >>> 0, at);
  });
  return bytes;
}
