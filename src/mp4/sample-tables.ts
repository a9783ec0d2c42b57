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

/** `stts` (8.6.1.2): decode times, as the durations between them. */
function timeToSample(table: TrackTable): Buffer {
  return runsBox('stts', 0, runLengths(table.durations));
}

/**
 * `ctts` (8.6.1.3): times from decoding to showing. It is left out if all are 0, and is signed only if one is negative.
 */
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

/** `stss` (8.6.2): keyframes. A track without this box can be decoded from each of its samples. */
function syncSamples({ track, syncSamples, sizes }: TrackTable): Buffer[] {
  if (track.kind !== 'video' || syncSamples.length === sizes.length) return [];
  return [fullBox('stss', 0, 0, u32(syncSamples.length), packed(syncSamples))];
}

/**
 * `stsc` (8.7.4). An entry is about successive chunks with equally many samples: the number of the first chunk, the
 * samples of each chunk, and the number of the sample description.
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

/** `stsz` (8.7.3.2): sizes. One number is enough if all are equal. */
function sampleSizes({ sizes }: TrackTable): Buffer {
  const [count, size] = runLengths(sizes);
  if (count === sizes.length && size) return fullBox('stsz', 0, 0, u32(size, count));
  return fullBox('stsz', 0, 0, u32(0, sizes.length), packed(sizes));
}

/** `stco`, `co64` (8.7.5): where chunks begin in the file, in 32 bits, or in 64 if one begins beyond 4 GiB. */
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

/** Like u32, for lists that are too long to be passed as arguments. */
function packed(values: Column | number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  let at = 0;
  values.forEach((value) => {
    at = bytes.writeUInt32BE(value >>> 0, at);
  });
  return bytes;
}
