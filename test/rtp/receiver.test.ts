// What a receiver does apart from the payload: sources, sequence numbers, order, reports.
import { describe, expect, test } from 'vitest';
import { listen, rtpPacket } from '../support/camera/rtp.ts';

const pcma = {
  encoding: 'PCMA',
  payloadType: 8,
  clockRate: 8_000,
  channels: 1,
  fmtp: new Map<string, string>(),
};

interface Sent {
  readonly sequence: number;
  readonly ssrc?: number;
  readonly at?: number;
  readonly payloadType?: number;
}

/** The sequence numbers of the packets whose sound was returned. Each packet carries its own number. */
function heard(packets: readonly Sent[], isDatagram = false): { heard: number[]; lost: number } {
  const { receiver, units } = listen({ ...pcma, isDatagram });
  packets.forEach(({ sequence, ssrc = 1, at, payloadType = 8 }, i) => {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(sequence);
    const packet = rtpPacket({ payload, sequence, ssrc, payloadType, timestamp: sequence * 4 });
    receiver.push(packet, 0, packet.length, at ?? i);
  });
  receiver.close();
  return { heard: units.map(({ bytes }) => bytes.readUInt32BE(0)), lost: receiver.lost };
}

const numbered = (...sequences: number[]): Sent[] => sequences.map((sequence) => ({ sequence }));

describe('sequence numbers', () => {
  test.for<[string, number[], number[], number]>([
    ['in order', [1, 2, 3], [1, 2, 3], 0],
    ['that begin anew', [65_534, 65_535, 0, 1], [65_534, 65_535, 0, 1], 0],
    ['with a hole', [1, 2, 5, 6], [1, 2, 5, 6], 2],
    ['with a packet twice', [1, 2, 2, 3], [1, 2, 3], 0],
    ['with a late packet', [1, 2, 4, 3, 5], [1, 2, 4, 5], 1],
    ['that leap', [1, 2, 30_000, 30_001], [1, 2, 30_000, 30_001], 0],
    ['that leap a little back', [100, 101, 50, 51, 52], [100, 101, 51, 52], 0],
  ])('%s', ([, sequences, expected, lost]) => {
    expect(heard(numbered(...sequences))).toEqual({ heard: expected, lost });
  });
});

describe('datagrams', () => {
  test.for<[string, number[], number[], number]>([
    ['in order', [1, 2, 3], [1, 2, 3], 0],
    ['in any order', [1, 4, 2, 3, 6, 5], [1, 2, 3, 4, 5, 6], 0],
    ['around the end of the numbers', [65_535, 1, 0, 2], [65_535, 0, 1, 2], 0],
    ['twice', [1, 3, 3, 2, 2], [1, 2, 3], 0],
    ['that leap', [1, 2, 30_000, 30_001], [1, 2, 30_000, 30_001], 0],
  ])('%s', ([, sequences, expected, lost]) => {
    expect(heard(numbered(...sequences), true)).toEqual({ heard: expected, lost });
  });

  test('wait for a missing one, but no longer than 100 ms', () => {
    const packets = [1, 2, 4, 5].map((sequence) => ({ sequence, at: sequence }));
    const { receiver, units } = listen({ ...pcma, isDatagram: true });
    const push = (sequence: number, at: number) => {
      const packet = rtpPacket({ payload: '00', sequence, payloadType: 8 });
      receiver.push(packet, 0, packet.length, at);
    };
    for (const { sequence, at } of packets) push(sequence, at);
    expect(units.length).toBe(2);
    push(6, 90);
    expect(units.length).toBe(2);
    push(7, 110);
    expect(units.length).toBe(6);
    expect(receiver.lost).toBe(1);
    expect(units.map(({ arrivedAt }) => arrivedAt)).toEqual([1, 2, 4, 5, 90, 110]);
  });

  test('at most 64 packets wait', () => {
    const sequences = [1, ...Array.from({ length: 70 }, (_, i) => i + 3)];
    expect(
      heard(
        sequences.map((sequence) => ({ sequence, at: 5 })),
        true,
      ),
    ).toEqual({
      heard: sequences,
      lost: 1,
    });
  });

  test('that are larger than usual wait, too', () => {
    const { receiver, units } = listen({ ...pcma, isDatagram: true });
    for (const sequence of [1, 3, 2]) {
      const packet = rtpPacket({ payload: Buffer.alloc(9_000, sequence), sequence, payloadType: 8 });
      receiver.push(packet, 0, packet.length, sequence);
    }
    expect(units.map(({ bytes }) => [bytes.length, bytes[8_999]])).toEqual([1, 2, 3].map((n) => [9_000, n]));
  });
});

describe('sources', () => {
  test('are exclusive: a packet of another source is dropped while the first one sends', () => {
    const mixed = [1, 2, 3].flatMap((sequence) => [{ sequence }, { sequence: sequence + 500, ssrc: 2 }]);
    expect(heard(mixed)).toEqual({ heard: [1, 2, 3], lost: 0 });
  });

  test('change when the first one has been silent for a second', () => {
    const packets = [
      { sequence: 1, at: 0 },
      { sequence: 700, ssrc: 2, at: 900 },
      { sequence: 701, ssrc: 2, at: 1_000 },
      { sequence: 702, ssrc: 2, at: 1_001 },
      { sequence: 2, at: 1_002 },
    ];
    expect(heard(packets)).toEqual({ heard: [1, 700, 701, 702], lost: 0 });
    expect(heard(packets, true)).toEqual({ heard: [1, 700, 701, 702], lost: 0 });
  });

  test('change when the first one is silent for longer than ever before, without losing a packet', () => {
    const first = [0, 40, 80, 120].map((at, i) => ({ sequence: i + 1, at }));
    const second = [160, 200, 240, 280].map((at, i) => ({ sequence: i + 700, ssrc: 2, at }));
    expect(heard([...first, ...second])).toEqual({ heard: [1, 2, 3, 4, 700, 701, 702, 703], lost: 0 });
  });

  test('change at once when the first one has sent BYE', () => {
    const { receiver, units } = listen(pcma);
    const push = (ssrc: number, at: number) => {
      const packet = rtpPacket({ payload: '00', ssrc, payloadType: 8, sequence: at });
      receiver.push(packet, 0, packet.length, at);
    };
    push(1, 1);
    const bye = Buffer.from('81cb000100000001', 'hex');
    receiver.pushControl(bye, 0, bye.length, 2);
    push(2, 3);
    push(2, 4);
    expect(units.length).toBe(3);
  });
});

describe('packets', () => {
  const receivedOf = (packet: Buffer) => {
    const { receiver, units } = listen(pcma);
    receiver.push(packet, 0, packet.length, 0);
    return units.map(({ bytes }) => bytes.toString('hex'));
  };
  const header = (first: string) => `${first}08 0001 00000000 00000001`.replaceAll(' ', '');

  test.for<[string, string, string[]]>([
    ['with an extension', `${header('90')}bede0001aaaaaaaa0102`, ['0102']],
    ['with contributing sources', `${header('82')}0000000a0000000b0102`, ['0102']],
    ['with padding', `${header('a0')}0102000003`, ['0102']],
    ['with a padding bit alone', `${header('a0')}0102ff`, ['0102ff']],
    ['with an extension that is torn', `${header('90')}bede00ff0102`, []],
    ['of another version', `${header('40')}0102`, []],
    ['too short', '8008', []],
    ['without payload', header('80'), []],
  ])('%s', ([, hex, expected]) => {
    expect(receivedOf(Buffer.from(hex, 'hex'))).toEqual(expected);
  });
});

describe('reports', () => {
  const senderReport = (ssrc: number, seconds: number, fraction: number, timestamp: number) => {
    const report = Buffer.alloc(28);
    report.writeUInt32BE(0x80c80006, 0);
    report.writeUInt32BE(ssrc, 4);
    report.writeUInt32BE(seconds, 8);
    report.writeUInt32BE(fraction, 12);
    report.writeUInt32BE(timestamp, 16);
    return report;
  };
  const ntpOf = (unixSeconds: number) => (unixSeconds + 2_208_988_800) % 2 ** 32;
  const sound = (sequence: number, ssrc = 1) =>
    rtpPacket({ payload: '00'.repeat(160), payloadType: 8, ssrc, sequence, timestamp: sequence * 160 });

  test('state the sender’s clock, also in 1970 and after 2036', () => {
    for (const seconds of [0, 1_800_000_000, 2_200_000_000]) {
      const { receiver, reports } = listen(pcma);
      const packet = sound(1);
      receiver.push(packet, 0, packet.length, 0);
      const report = senderReport(1, ntpOf(seconds), 2 ** 31, 77);
      receiver.pushControl(report, 0, report.length, 5);
      expect(reports).toEqual([{ ntpMs: seconds * 1000 + 500, timestamp: 77, arrivedAt: 5 }]);
    }
  });

  test.for<[string, Buffer[]]>([
    ['of another source', [senderReport(2, ntpOf(1), 0, 77)]],
    ['without a clock', [senderReport(1, 0, 0, 77)]],
    ['that are torn', [senderReport(1, ntpOf(1), 0, 77).subarray(0, 20)]],
  ])('that are damaged are ignored: %s', ([, torn]) => {
    const { receiver, reports } = listen(pcma);
    const packet = sound(1);
    receiver.push(packet, 0, packet.length, 0);
    for (const bytes of torn) receiver.pushControl(bytes, 0, bytes.length, 5);
    expect(reports).toEqual([]);
  });

  test('are read after other packets and before a damaged description', () => {
    const { receiver, reports } = listen(pcma);
    const packet = sound(1);
    receiver.push(packet, 0, packet.length, 0);
    const compound = Buffer.concat([
      Buffer.from('80c9000100000001', 'hex'),
      senderReport(1, ntpOf(9), 0, 4),
      Buffer.from('81ca000900000001', 'hex'),
    ]);
    receiver.pushControl(compound, 0, compound.length, 5);
    expect(reports.length).toBe(1);
  });

  test('before the first packet are kept, and used if they are of the same source', () => {
    for (const [ssrc, count] of [
      [1, 1],
      [2, 0],
    ] as const) {
      const { receiver, reports } = listen(pcma);
      const report = senderReport(1, ntpOf(9), 0, 4);
      receiver.pushControl(report, 0, report.length, 5);
      expect(reports).toEqual([]);
      const packet = sound(1, ssrc);
      receiver.push(packet, 0, packet.length, 9);
      expect(reports.map(({ arrivedAt }) => arrivedAt)).toEqual(new Array(count).fill(5));
    }
  });

  test('to the sender state the loss, the highest sequence number and the time since its report', () => {
    const { receiver } = listen(pcma);
    expect(receiver.receiverReport(0).readUInt32BE(0)).toBe(0x80c90001);
    for (const [i, sequence] of [65_534, 65_535, 2, 3].entries()) {
      const packet = sound(sequence);
      receiver.push(packet, 0, packet.length, i * 20);
    }
    const report = senderReport(1, 0x1234abcd, 0x5678ef01, 4);
    receiver.pushControl(report, 0, report.length, 1_000);
    const bytes = receiver.receiverReport(3_000);
    expect(bytes.readUInt32BE(0)).toBe(0x81c90007);
    expect(bytes.readUInt32BE(8)).toBe(1);
    // Two of six.
    expect(bytes[12]).toBe(Math.floor((2 * 256) / 6));
    expect(bytes.readUIntBE(13, 3)).toBe(2);
    expect(bytes.readUInt32BE(16)).toBe(65_536 + 3);
    expect(bytes.readUInt32BE(24)).toBe(0xabcd5678);
    expect(bytes.readUInt32BE(28)).toBe(2 * 65_536);
    // A source description follows, and the lengths are consistent.
    expect(bytes.readUInt16BE(32)).toBe(0x81ca);
    expect(36 + bytes.readUInt16BE(34) * 4).toBe(bytes.length);
    expect(receiver.receiverReport(3_000)[12]).toBe(0);
  });
});
