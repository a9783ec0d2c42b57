// Nothing that a camera sends can make the receiver throw, loop, or keep memory.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, expect, test } from 'vitest';
import { FootageMemory, type Piece, viewsOf } from '../../src/footage/memory.ts';
import { createReceiver } from '../../src/rtp/receiver.ts';
import { nalUnitsOf, packetsOf, type Recording, recordRtp } from '../support/camera/rtp.ts';

const packets = 1_000_000;
const picture = '-f lavfi -i testsrc2=size=128x96:rate=15 -t 2';
const sound = (rate: number) => `-f lavfi -i sine=sample_rate=${rate} -t 2 -muxdelay 0.06`;
const x264 = '-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 10';

const recordings: readonly (readonly [string, string])[] = [
  ['H.264', `${picture} ${x264} -x264-params repeat-headers=1:slices=2`],
  ['interlaced H.264', `${picture} ${x264} -flags +ilme+ildct -x264-params interlaced=1:repeat-headers=1`],
  [
    'H.265',
    `${picture} -c:v libx265 -preset ultrafast -g 10 -x265-params log-level=none:pools=1:repeat-headers=1`,
  ],
  ['AAC', `${sound(16_000)} -c:a aac`],
  ['LATM', `${sound(16_000)} -c:a aac -rtpflags latm`],
  ['MPEG audio', `${sound(44_100)} -c:a libmp3lame`],
  ['Opus', `${sound(48_000)} -c:a libopus`],
  ['G.711', `${sound(8_000)} -c:a pcm_alaw`],
];

/** Numbers below 2^32 that are the same in every run (xorshift). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Counts the units in use. */
class CountingMemory extends FootageMemory {
  held = 0;

  override take(): Piece {
    this.held++;
    return super.take();
  }

  override release(piece: Piece): void {
    super.release(piece);
    if (piece.holders === 0) this.held--;
  }
}

/** Changes a packet as bad lines, bad firmware and attackers do. Returns its new length. */
function mutate(random: (below: number) => number, into: Buffer, length: number): number {
  switch (random(8)) {
    case 0:
      return random(length + 1);
    case 1:
      into[random(length)] = random(256);
      return length;
    case 2:
      into[random(length)]! ^= 1 << random(8);
      return length;
    case 3:
      // The bytes that the payload formats read.
      into[12 + random(4)] = random(256);
      return length;
    case 4:
      into.fill(random(2) * 255, random(length), length);
      return length;
    case 5:
      into.set([0, 0, random(3)], random(length));
      return length;
    case 6:
      into.writeUInt16BE(random(65_536), 2);
      return length;
    default:
      return length;
  }
}

test('a million mutated packets cause no error, and leave no memory in use', {
  timeout: 120_000,
}, async () => {
  const made: Recording[] = [];
  for (const [, args] of recordings) made.push(await recordRtp(args));
  for (const [index, recording] of made.entries()) {
    const [name] = recordings[index]!;
    for (const isDatagram of [false, true]) {
      await fuzz(name, recording, isDatagram, packets / made.length / 2, 7 + index);
    }
  }
});

async function fuzz(name: string, recording: Recording, isDatagram: boolean, count: number, seed: number) {
  const random = numbers(seed);
  const memory = new CountingMemory();
  const [track] = recording.tracks;
  let units = 0;
  let most = 0;
  const receiver = createReceiver({
    ...track!,
    fmtp: new Map([...track!.fmtp].filter(() => random(4) > 0)),
    memory,
    isDatagram,
    onUnit: ({ footage, format }) => {
      const views = viewsOf([footage]);
      const bytes = views.reduce((sum, view) => sum + view.length, 0);
      // Checking all of them would take most of the time.
      const isLookedAt = units++ % 16 === 0 && format.kind === 'video';
      const isWhole = !isLookedAt || nalUnitsOf(Buffer.concat(views)).every(({ length }) => length > 0);
      footage.release();
      if (bytes !== footage.bytes || !isWhole) throw new Error(`A unit of ${name} is torn.`);
    },
    onSenderReport: () => {},
  });
  if ('unsupported' in receiver) throw new Error(receiver.unsupported);
  const originals = packetsOf(recording, 0);
  const buffer = Buffer.alloc(4_096);
  let sequence = 0;
  let before = 0;
  for (let i = 0; i < count; i++) {
    const packet = originals[random(20) === 0 ? random(originals.length) : i % originals.length]!;
    packet.copy(buffer);
    if (random(30) > 0) sequence++;
    buffer.writeUInt16BE(sequence & 0xffff, 2);
    const length = random(3) === 0 ? mutate(random, buffer, packet.length) : packet.length;
    receiver.push(buffer, 0, length, i);
    if (random(50) === 0) receiver.pushControl(buffer, 0, length, i);
    if (random(500) === 0) receiver.receiverReport(i);
    most = Math.max(most, memory.held);
    if (i === Math.floor(count / 4)) before = await settled();
  }
  const kept = (await settled()) - before;
  receiver.close();
  expect(units, `units of ${name}`).toBeGreaterThan(count / 1_000);
  expect(most, `pieces held at a time for ${name}`).toBeLessThan(40);
  expect(memory.held, `pieces held at the end for ${name}`).toBe(0);
  expect(kept, `bytes kept for ${name}`).toBeLessThan(4 * 2 ** 20);
}

// Stacks of a million errors take more time than the parsers.
const { stackTraceLimit } = Error;
Error.stackTraceLimit = 0;
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});
setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** The bytes in use after a garbage collection. */
async function settled(): Promise<number> {
  for (let i = 0; i < 2; i++) {
    await new Promise(setImmediate);
    gc();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
