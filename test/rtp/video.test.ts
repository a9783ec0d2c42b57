// Pictures from the packets that cameras send: recorded pictures, packetized in every way that is found in the field.
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { VideoFormat } from '../../src/codecs/format.ts';
import { pieceBytes } from '../../src/footage/memory.ts';
import {
  annexB,
  fuA,
  h265Fragments,
  hexOf,
  type Payload,
  sent,
  singles,
  stapA,
} from '../support/camera/packetize.ts';
import {
  listen,
  nalUnitsOf,
  packetsOf,
  type ReceivedUnit,
  type Recording,
  receive,
  recordRtp,
  rtpPacket,
} from '../support/camera/rtp.ts';

interface Picture {
  readonly nals: Buffer[];
  readonly timestamp: number;
}

const picture = '-f lavfi -i testsrc2=size=192x112:rate=15 -t 2';
const x264 = '-c:v libx264 -preset veryfast -threads 1 -g 15 -pix_fmt yuv420p -x264-params repeat-headers=1';

let plain: Recording;
let sliced: Recording;
let pictures: Picture[];
let slicedPictures: Picture[];
let units: string[];
let slicedUnits: string[];

beforeAll(async () => {
  plain = await recordRtp(`${picture} ${x264}`);
  sliced = await recordRtp(`${picture} ${x264}:slices=3`);
  [pictures, units] = taken(plain);
  [slicedPictures, slicedUnits] = taken(sliced);
});

/** The pictures of a recording, and the units that are expected of them. */
function taken(recording: Recording): [Picture[], string[]] {
  const received = receive(recording)[0]!;
  const found = received.map(({ bytes, timestamp }) => ({ nals: nalUnitsOf(bytes), timestamp }));
  return [found, hexOf(received)];
}

/** What a receiver makes of packets that arrive at one per millisecond. */
function given(packets: readonly Buffer[], fmtp?: ReadonlyMap<string, string>): ReceivedUnit[] {
  const { receiver, units } = listen(fmtp ? { fmtp } : {});
  for (const [at, packet] of packets.entries()) receiver.push(packet, 0, packet.length, at);
  receiver.close();
  return units;
}

test('each picture has the timestamp of its packets', () => {
  const timestamps = new Set(packetsOf(plain, 0).map((packet) => packet.readUInt32BE(4)));
  expect(pictures.map(({ timestamp }) => timestamp)).toEqual([...timestamps]);
});

const isSlice = (nal: Buffer) => (nal[0]! & 31) <= 5;
const type = (nal: Buffer) => nal[0]! & 31;

describe('NAL units in packets', () => {
  test.for<[string, (picture: Picture) => Payload[]]>([
    ['alone', ({ nals, timestamp }) => nals.map((payload) => ({ payload, timestamp }))],
    ['in one STAP-A', ({ nals, timestamp }) => [{ payload: stapA(nals), timestamp }]],
    [
      'in a STAP-A that is filled up with zeros',
      ({ nals, timestamp }) => [{ payload: Buffer.concat([stapA(nals), Buffer.alloc(9)]), timestamp }],
    ],
    ['in fragments', ({ nals, timestamp }) => fragmented(nals, 500, timestamp)],
    ['in fragments of a byte', ({ nals, timestamp }) => fragmented(nals, 1, timestamp)],
    ['in one fragment that is first and last', ({ nals, timestamp }) => fragmented(nals, 100_000, timestamp)],
    [
      'in fragments of which the first is empty',
      ({ nals, timestamp }) =>
        nals.flatMap((nal) => {
          const [first, ...rest] = fuA(nal, 400);
          const empty = first!.subarray(0, 2);
          const second = Buffer.from(first!);
          second[1]! &= 0x7f;
          return [Buffer.from([empty[0]!, empty[1]! & 0xbf]), second, ...rest].map((payload) => ({
            payload,
            timestamp,
          }));
        }),
    ],
    [
      'in fragments whose type changes',
      ({ nals, timestamp }) =>
        nals.flatMap((nal) =>
          fuA(nal, 400).map((payload, i) => {
            const changed = Buffer.from(payload);
            if (i > 0) changed[1] = (changed[1]! & 0xe0) | 1;
            return { payload: changed, timestamp };
          }),
        ),
    ],
    [
      'in fragments without an end',
      ({ nals, timestamp }) =>
        fragmented(nals, 400, timestamp).map(({ payload, ...fields }) => {
          const changed = Buffer.from(payload);
          changed[1]! &= 0xbf;
          return { ...fields, payload: changed };
        }),
    ],
    [
      'with start codes, in one packet that should be one NAL unit',
      ({ nals, timestamp }) => [{ payload: annexB(nals), timestamp }],
    ],
    [
      'with start codes, also before the first',
      ({ nals, timestamp }) => [
        { payload: Buffer.concat([Buffer.from('00000001', 'hex'), annexB(nals, '000001')]), timestamp },
      ],
    ],
    [
      'with start codes, in a STAP-A',
      ({ nals, timestamp }) => [{ payload: stapA([annexB(nals)]), timestamp }],
    ],
    ['with start codes, in fragments', ({ nals, timestamp }) => fragmented([annexB(nals)], 400, timestamp)],
    [
      'with start codes that are split between fragments',
      ({ nals, timestamp }) => fragmented([annexB(nals)], 3, timestamp),
    ],
    [
      'with start codes and trailing zeros',
      ({ nals, timestamp }) => [
        { payload: Buffer.concat([annexB(nals, '0000000001'), Buffer.alloc(3)]), timestamp },
      ],
    ],
  ])('%s', ([, payloads]) => {
    for (const [of, expected] of [
      [pictures, units],
      [slicedPictures, slicedUnits],
    ] as const) {
      const all = of.flatMap((picture) => {
        const own = payloads(picture);
        return own.map((payload, i) => ({ ...payload, isMarked: i === own.length - 1 }));
      });
      const received = hexOf(given(sent(all)));
      expect(received.length).toBeGreaterThanOrEqual(expected.length - 1);
      expect(received).toEqual(expected.slice(0, received.length));
    }
  });

  const fragmented = (nals: readonly Buffer[], size: number, timestamp: number) =>
    nals.flatMap((nal) => fuA(nal, size).map((payload) => ({ payload, timestamp })));
});

describe('the end of a picture', () => {
  const all = (of: readonly Picture[]) => singles(of);
  const quirks: Record<string, (of: readonly Picture[]) => Payload[]> = {
    'where the marker is missing': (of) => all(of).map((payload) => ({ ...payload, isMarked: false })),
    'where every slice has the marker': (of) =>
      all(of).map((payload) => ({ ...payload, isMarked: isSlice(payload.payload) })),
    'where every packet has the marker': (of) => all(of).map((payload) => ({ ...payload, isMarked: true })),
    'where parameter sets and SEI have the marker': (of) =>
      all(of).map((payload) => ({ ...payload, isMarked: payload.isMarked! || !isSlice(payload.payload) })),
    'where what stands in front of the slices has the timestamp of the picture before': (of) =>
      of.flatMap(({ nals, timestamp }, i) =>
        nals.map((payload, n) => ({
          payload,
          timestamp: isSlice(payload) ? timestamp : (of[i - 1]?.timestamp ?? 0),
          isMarked: n === nals.length - 1,
        })),
      ),
    'where all have one timestamp': (of) => all(of).map((payload) => ({ ...payload, timestamp: 7 })),
    'where slices of a picture have timestamps of their own': (of) =>
      all(of).map((payload, i) => ({ ...payload, timestamp: payload.timestamp + (i % 2) })),
  };

  test.for(Object.entries(quirks))('is found: %s', ([name, payloads]) => {
    for (const [of, expected] of [
      [pictures, units],
      [slicedPictures, slicedUnits],
    ] as const) {
      const received = given(sent(payloads(of)));
      expect(received.length).toBeGreaterThanOrEqual(expected.length - 1);
      expect(hexOf(received)).toEqual(expected.slice(0, received.length));
      if (name.includes('before')) {
        expect(received.map(({ timestamp }) => timestamp)).toEqual(
          of.slice(0, received.length).map(({ timestamp }) => timestamp),
        );
      }
    }
  });

  test('is not at a message between its slices', () => {
    const message = Buffer.from('06050100' + '80', 'hex');
    const mixed = slicedPictures.map(({ nals, timestamp }) => ({
      timestamp,
      nals: [...nals.slice(0, -1), message, nals.at(-1)!],
    }));
    const received = given(sent(singles(mixed).map((payload) => ({ ...payload, isMarked: false }))));
    expect(received.map(({ bytes }) => nalUnitsOf(bytes))).toEqual(
      mixed.slice(0, received.length).map(({ nals }) => nals),
    );
    expect(received.length).toBe(mixed.length - 1);
  });

  test('is found with its last packet, once the marker has proved right', () => {
    const { receiver, units: received } = listen();
    const counts = sent(singles(pictures)).map((packet, at) => {
      receiver.push(packet, 0, packet.length, at);
      return received.length;
    });
    const ends = singles(pictures).flatMap(({ isMarked }, i) => (isMarked ? [i] : []));
    // For each picture: how many are returned with its last packet.
    expect(ends.map((at) => counts[at])).toEqual([0, 1, ...ends.slice(2).map((_, i) => i + 3)]);
    expect(received.map(({ arrivedAt }) => arrivedAt)).toEqual(ends);
    receiver.close();
  });

  test('is found soon after the marker, even if the next picture comes seconds later', async () => {
    const { receiver, units: received } = listen();
    for (const [at, packet] of sent(singles(pictures.slice(0, 1))).entries())
      receiver.push(packet, 0, packet.length, at);
    await expect.poll(() => hexOf(received), { timeout: 2_000 }).toEqual(units.slice(0, 1));
    receiver.close();
  });

  test('is found wrongly only once if a camera sets the marker on a slice once', () => {
    const payloads = singles(slicedPictures);
    const inFifth = singles(slicedPictures.slice(0, 5)).length + 1;
    const wrong = payloads.map((payload, i) => ({
      ...payload,
      isMarked: payload.isMarked! || i === inFifth,
    }));
    const received = hexOf(given(sent(wrong)));
    expect(received.filter((unit) => slicedUnits.includes(unit)).length).toBeGreaterThanOrEqual(
      slicedUnits.length - 2,
    );
    expect(received.length).toBeLessThanOrEqual(slicedUnits.length);
  });
});

describe('loss', () => {
  test.for([
    ['plain', () => plain],
    ['sliced', () => sliced],
  ] as const)(
    'of any one packet costs the picture it belongs to, and no torn one is given out (%s)',
    ([, recording]) => {
      const packets = packetsOf(recording(), 0);
      const expected = taken(recording())[1];
      const timestamps = packets.map((packet) => packet.readUInt32BE(4));
      const firstGroup = timestamps.lastIndexOf(timestamps[0]!) + 1;
      for (let lost = firstGroup; lost < packets.length; lost++) {
        const received = hexOf(given(packets.filter((_, i) => i !== lost)));
        expect(received.every((unit) => expected.includes(unit) || isOnlyShortened(unit))).toBe(true);
        expect(received.length).toBeGreaterThanOrEqual(expected.length - 2);
      }
      /** Parameter sets and SEI before it may be among the lost packets. */
      function isOnlyShortened(unit: string): boolean {
        const slices = nalUnitsOf(Buffer.from(unit, 'hex')).filter(isSlice).map(String);
        return expected.some(
          (whole) =>
            nalUnitsOf(Buffer.from(whole, 'hex')).filter(isSlice).map(String).join() === slices.join(),
        );
      }
    },
  );

  test('in a fragmented picture does not damage the next picture', () => {
    const payloads = pictures.flatMap(({ nals, timestamp }) => {
      const own = nals.flatMap((nal) => fuA(nal, 100).map((payload) => ({ payload, timestamp })));
      return own.map((payload, i) => ({ ...payload, isMarked: i === own.length - 1 }));
    });
    const packets = sent(payloads);
    const inFourth = payloads.findIndex(({ timestamp }) => timestamp === pictures[3]!.timestamp) + 1;
    const received = hexOf(given(packets.filter((_, i) => i !== inFourth)));
    expect(received).toEqual(units.filter((_, i) => i !== 3).slice(0, received.length));
    expect(received.length).toBeGreaterThanOrEqual(units.length - 2);
  });

  test('at the start: nothing is returned before the first whole keyframe', () => {
    const packets = packetsOf(plain, 0);
    const keyframes = pictures.flatMap(({ nals }, i) => (nals.some((nal) => type(nal) === 5) ? [i] : []));
    for (const skipped of [3, 5, 9]) {
      // The description has the parameter sets, so that pictures do not wait for them.
      const received = hexOf(given(packets.slice(skipped), plain.tracks[0]!.fmtp));
      expect(received[0]).toBe(units[keyframes[1]!]);
    }
  });
});

describe('parameter sets', () => {
  const withoutSets = () =>
    pictures.map(({ nals, timestamp }) => ({
      timestamp,
      nals: nals.filter((nal) => ![7, 8].includes(type(nal))),
    }));
  const sets = () => pictures[0]!.nals.filter((nal) => [7, 8].includes(type(nal)));
  const fmtp = (text: string) => new Map([['sprop-parameter-sets', text]]);
  const base64 = (nals: Buffer[]) => nals.map((nal) => nal.toString('base64')).join(',');

  test.for<[string, () => string]>([
    ['as the RFC says', () => base64(sets())],
    [
      'with start codes',
      () => base64(sets().map((nal) => Buffer.concat([Buffer.from('00000001', 'hex'), nal]))),
    ],
    ['all in one, with start codes', () => annexB(sets()).toString('base64')],
    ['with rubbish beside them', () => `!!!,${base64(sets())},AAAA,`],
    ['with trailing zeros', () => base64(sets().map((nal) => Buffer.concat([nal, Buffer.alloc(4)])))],
  ])('are read from the description: %s', ([, text]) => {
    const received = given(sent(singles(withoutSets())), fmtp(text()));
    expect(received.length).toBeGreaterThanOrEqual(units.length - 1);
    expect(received[0]!.format).toMatchObject({ width: 192, height: 112 });
  });

  test('of another camera in the description do no harm', async () => {
    const foreign = await recordRtp(`-f lavfi -i testsrc2=size=64x64:rate=15 -t 1 ${x264}`);
    const text = base64(taken(foreign)[0][0]!.nals.filter((nal) => [7, 8].includes(type(nal))));
    const received = given(packetsOf(plain, 0), fmtp(text));
    expect(new Set(received.map(({ format }) => (format as VideoFormat).width))).toEqual(new Set([192]));
    expect(hexOf(received)).toEqual(units.slice(0, received.length));
  });

  test('without known parameter sets, no picture is delivered', () => {
    expect(given(sent(singles(withoutSets())))).toEqual([]);
  });

  test('that are repeated leave the format the same object', () => {
    expect(new Set(given(packetsOf(plain, 0)).map(({ format }) => format)).size).toBe(1);
  });

  test('for another size make another format, beginning with a keyframe', async () => {
    const larger = await recordRtp(`-f lavfi -i testsrc2=size=320x192:rate=15 -t 1 ${x264}`);
    const after = taken(larger)[0];
    const payloads = [...singles(pictures.slice(0, 10)), ...singles(after)];
    const received = given(sent(payloads));
    const changed = received.findIndex(({ format }) => (format as VideoFormat).width === 320);
    expect(changed).toBe(10);
    expect(received[changed]!.isSync).toBe(true);
    expect(received[0]!.format.key).not.toBe(received[10]!.format.key);
    // Without its keyframe, the new format does not begin.
    const sets = after[0]!.nals.filter((nal) => !isSlice(nal));
    const second = { ...after[1]!, nals: [...sets, ...after[1]!.nals] };
    const torn = given(sent([...singles(pictures.slice(0, 10)), ...singles([second, ...after.slice(2)])]));
    expect(torn.every(({ format }) => (format as VideoFormat).width === 192)).toBe(true);
  });
});

test('a format says whether its parameter sets are only in the description', async () => {
  const described = await recordRtp(`${picture} ${x264.replace('repeat-headers=1', 'repeat-headers=0')}`);
  const needs = (recording: Recording) =>
    new Set(receive(recording)[0]!.map(({ format }) => (format as VideoFormat).needsSets ?? false));
  expect(needs(described)).toEqual(new Set([true]));
  expect(needs(plain)).toEqual(new Set([false]));
});

test('a recovery point is a sync sample, and says how many pictures it takes', async () => {
  const refreshed = await recordRtp(`${picture} ${x264}:intra-refresh=1`);
  const syncs = receive(refreshed)[0]!.filter(({ isSync }) => isSync);
  expect(syncs.length).toBeGreaterThan(1);
  expect(syncs[0]).toMatchObject({ recoveryPictures: 0 });
  expect(syncs[1]!.recoveryPictures).toBeGreaterThan(5);
});

test('the fields of a frame are one unit, whatever is between them', async () => {
  const interlaced = await recordRtp(`${picture} ${x264}:interlaced=1`);
  const [first] = taken(interlaced)[0];
  const sets = first!.nals.filter((nal) => [7, 8].includes(type(nal)));
  const delimiter = Buffer.from('09f0', 'hex');
  const frames = [0, 1, 2, 3].map((frameNum) => {
    const idr = frameNum === 0;
    const top = field({ header: idr ? 0x65 : 0x61, frameNum, isBottom: false, isIdr: idr });
    const bottom = field({ header: 0x61, frameNum, isBottom: true, isIdr: false });
    const front = idr ? [delimiter, ...sets] : [delimiter];
    return { timestamp: frameNum * 6000, nals: [...front, top, delimiter, bottom] };
  });
  const fieldEnds = (nal: Buffer) => isSlice(nal);
  const payloads = frames.flatMap(({ nals, timestamp }) =>
    nals.map((payload, i) => ({
      payload,
      timestamp: timestamp + (i >= nals.length - 2 ? 3000 : 0),
      isMarked: fieldEnds(payload),
    })),
  );
  const received = given(sent(payloads));
  expect(received.map(({ timestamp, isSync }) => ({ timestamp, isSync }))).toEqual(
    frames.map(({ timestamp }) => ({ timestamp, isSync: timestamp === 0 })),
  );
  expect(received.map(({ bytes }) => nalUnitsOf(bytes))).toEqual(frames.map(({ nals }) => nals));
});

/** A slice of a field: the beginning of its header, then any bytes. x264 counts frames in 4 bits. */
function field(fields: { header: number; frameNum: number; isBottom: boolean; isIdr: boolean }): Buffer {
  const frameNum = fields.frameNum.toString(2).padStart(4, '0');
  // first_mb_in_slice 0, slice_type 7 (I), PPS 0, frame_num, field_pic_flag, bottom_field_flag
  const bits = `1${'0001000'}1${frameNum}1${fields.isBottom ? '1' : '0'}${'10'.repeat(30)}`;
  const bytes = bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2));
  return Buffer.from([fields.header, ...bytes, ...new Array<number>(50).fill(0x55)]);
}

describe('H.265', () => {
  const x265 =
    '-c:v libx265 -preset ultrafast -pix_fmt yuv420p -x265-params log-level=none:pools=1:repeat-headers=1';
  const h265 = { encoding: 'H265' };
  const typeOf = (nal: Buffer) => (nal[0]! >> 1) & 63;

  test('drops RASL pictures after the CRA picture that it starts with', async () => {
    const open = await recordRtp(
      `${picture} ${x265}:keyint=10:min-keyint=10:bframes=3:open-gop=1:scenecut=0:no-scenecut=1`,
    );
    const packets = packetsOf(open, 0);
    const whole = receive(open)[0]!.map(({ bytes }) => nalUnitsOf(bytes).map(typeOf));
    expect(whole.filter((types) => types.includes(21)).length, 'CRA pictures').toBeGreaterThan(1);
    expect(whole.filter((types) => types.some((one) => one === 8 || one === 9)).length).toBeGreaterThan(1);

    const { receiver, units: late } = listen(h265);
    for (const [at, packet] of packets.slice(3).entries()) receiver.push(packet, 0, packet.length, at);
    receiver.close();
    const types = late.map(({ bytes }) => nalUnitsOf(bytes).map(typeOf));
    expect(types[0]).toContain(21);
    const secondCra = types.findIndex((one, i) => i > 0 && one.includes(21));
    expect(types.slice(0, secondCra).flat()).not.toContain(8);
    expect(types.slice(0, secondCra).flat()).not.toContain(9);
    expect(
      types
        .slice(secondCra)
        .flat()
        .some((one) => one === 8 || one === 9),
    ).toBe(true);
  });

  test('is the same in aggregates, in fragments and with start codes', async () => {
    const recording = await recordRtp(`${picture} ${x265}:keyint=15:bframes=0:slices=2`);
    const [own, expected] = taken(recording);
    const ways: ((nals: Buffer[]) => Buffer[])[] = [
      (nals) => [Buffer.concat([Buffer.from('6001', 'hex'), stapA(nals).subarray(1)])],
      (nals) => nals.flatMap((nal) => h265Fragments(nal, 200)),
      (nals) => nals.flatMap((nal) => h265Fragments(nal, 1)),
      (nals) => [annexB(nals)],
      (nals) => h265Fragments(annexB(nals), 7),
    ];
    for (const way of ways) {
      const payloads = own.flatMap(({ nals, timestamp }) =>
        way(nals).map((payload) => ({ payload, timestamp })),
      );
      const { receiver, units: received } = listen(h265);
      for (const [at, packet] of sent(payloads).entries()) receiver.push(packet, 0, packet.length, at);
      expect(hexOf(received)).toEqual(expected.slice(0, received.length));
      expect(received.length).toBe(expected.length - 1);
      receiver.close();
    }
  });
});

describe('filler data', () => {
  const filler = Buffer.concat([Buffer.from([12]), Buffer.alloc(3_000, 0xff), Buffer.from([0x80])]);
  /** @param hasOwnMarker whether the slice before the filler data has the marker, too */
  const filled = (hasOwnMarker: boolean) =>
    pictures.flatMap(({ nals, timestamp }) => [
      ...singles([{ nals, timestamp }]).map((payload) => ({
        ...payload,
        isMarked: hasOwnMarker && payload.isMarked === true,
      })),
      ...fuA(filler, 700).map((payload, i, all) => ({
        payload,
        timestamp,
        isMarked: !hasOwnMarker && i === all.length - 1,
      })),
    ]);

  test('is kept after its picture, without allocating memory', () => {
    const allocate = vi.spyOn(Buffer, 'allocUnsafeSlow');
    const received = hexOf(given(sent(filled(false))));
    const sizes = allocate.mock.calls.map(([bytes]) => bytes).filter((bytes) => bytes !== pieceBytes);
    allocate.mockRestore();
    const length = Buffer.from([0, 0, filler.length >> 8, filler.length & 0xff]);
    expect(received).toEqual(units.map((unit) => unit + Buffer.concat([length, filler]).toString('hex')));
    expect(Math.max(...sizes)).toBeLessThan(filler.length);
  });

  test.for([true, false])('may be partly lost, with the marker before it: %s', (hasOwnMarker) => {
    const packets = sent(filled(hasOwnMarker));
    for (let lost = 10; lost < 50; lost++) {
      const received = hexOf(given(packets.filter((_, i) => i !== lost)));
      const slices = received.map((unit) => nalUnitsOf(Buffer.from(unit, 'hex')).filter(isSlice).join());
      const whole = units.map((unit) => nalUnitsOf(Buffer.from(unit, 'hex')).filter(isSlice).join());
      expect(slices.length, `packet ${lost}`).toBeGreaterThanOrEqual(units.length - 1);
      expect(whole, `packet ${lost}`).toEqual(expect.arrayContaining(slices));
    }
  });
});

describe('a picture that exceeds a limit', () => {
  test.for<[string, (slice: Buffer) => Payload[]]>([
    [
      'NAL units',
      () => new Array(5_000).fill(0).map(() => ({ payload: Buffer.from('0c80', 'hex'), timestamp: 9 })),
    ],
    [
      'bytes',
      (slice) => {
        const [first] = fuA(slice, 1000);
        const more = Buffer.concat([first!, Buffer.alloc(60_000, 0x55)]);
        more[1]! &= 0x3f;
        return new Array(300).fill(0).map(() => ({ payload: more, timestamp: 9 }));
      },
    ],
  ])('is dropped, and the next one is whole: %s', ([, excess]) => {
    const slice = pictures[1]!.nals.at(-1)!;
    const before = singles(pictures.slice(0, 1)).map((payload) => ({ ...payload, isMarked: false }));
    const received = given(
      sent([
        ...before,
        { payload: fuA(slice, 1000)[0]!, timestamp: 9 },
        ...excess(slice),
        ...singles(pictures.slice(15, 18)),
      ]),
    );
    expect(hexOf(received)).toEqual([units[0], ...units.slice(15, 18)]);
  });
});

test('packets of other types and other sources are ignored', () => {
  const packets = packetsOf(plain, 0).map((packet, i) => {
    const own = Buffer.from(packet);
    own.writeUInt16BE(i, 2);
    return own;
  });
  const ssrc = packets[0]!.readUInt32BE(8);
  const mixed = packets.flatMap((packet, i) => [
    packet,
    rtpPacket({ payload: 'ffff', payloadType: 50, sequence: i, ssrc, isMarked: true }),
    rtpPacket({ payload: packet.subarray(12), sequence: 40_000 + i, ssrc: (ssrc ^ 1) >>> 0, timestamp: 5 }),
  ]);
  expect(hexOf(given(mixed))).toEqual(units);
});
