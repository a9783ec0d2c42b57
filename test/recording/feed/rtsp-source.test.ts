// What a session with a camera leaves to the next one.
import { expect, test } from 'vitest';
import { parseStreamUrl } from '../../../src/domain/stream-url.ts';
import { FootageMemory } from '../../../src/footage/memory.ts';
import { type FeedUnit, timeOf } from '../../../src/recording/feed/feed-unit.ts';
import { nothingKnown } from '../../../src/recording/feed/knowledge.ts';
import { RtspSource } from '../../../src/recording/feed/rtsp-source.ts';
import { createLookup } from '../../../src/rtsp/names.ts';
import { Turns } from '../../../src/rtsp/turns.ts';
import { startTestCamera } from '../../support/camera/camera.ts';
import { capture } from '../../support/camera/captures.ts';

test('the rate learned of a camera’s clock is used from the first picture of its next session', async () => {
  const camera = await startTestCamera({ capture: await capture({ gopSec: 1 }), clockRate: 0.8 });
  const knowledge = nothingKnown();

  /** Reads that many pictures. @returns their times in ms, as they were placed when each one came */
  const read = async (count: number) => {
    const placed: number[] = [];
    const leave = new AbortController();
    const take = (unit: FeedUnit) => {
      unit.footage.release();
      if (unit.format.kind === 'video') placed.push(timeOf(unit));
      if (placed.length === count) leave.abort();
    };
    const source = new RtspSource({
      address: parseStreamUrl(camera.url),
      transport: 'AUTO',
      tls: { mode: 'PINNED', allowOldTls: false },
      privateCameras: true,
      turns: new Turns(),
      lookup: createLookup(),
      memory: new FootageMemory(),
      knowledge,
      take,
      onCertificate: () => {},
    });
    await source.run(leave.signal);
    return placed;
  };

  await read(60);
  expect(knowledge.rates?.video).toBeCloseTo(1.25, 1);
  // Too few for a rate to be measured again.
  const placed = await read(10);
  expect(Math.abs(placed.at(-1)! - placed[0]! - 9 * (1_000 / 15))).toBeLessThan(50);
  await camera.close();
});
