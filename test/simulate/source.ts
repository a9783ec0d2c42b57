// A camera that is none: it delivers prepared access units, one picture a second, each of which is a keyframe.
import { h264Format } from '../../src/codecs/h264.ts';
import { FootageMemory } from '../../src/footage/memory.ts';
import { FootageWriter } from '../../src/footage/writer.ts';
import type { CreateSource } from '../../src/recording/feed/create-source.ts';
import type { FeedSession, FeedUnit } from '../../src/recording/feed/feed-unit.ts';
import { SessionClock } from '../../src/recording/feed/session-clock.ts';

/** x264's parameter sets of H.264 baseline, 320x180. */
const format = h264Format(
  [Buffer.from('6742c00cda05067e7c0440000003004000000783c50aa8', 'hex')],
  [Buffer.from('68ce0fc8', 'hex')],
);
const session: FeedSession = { soundFormat: undefined, awaitsSound: false, reorderDepth: 0 };
const pictureBytes = 2_000;
const everyMs = 1_000;
/** The cameras of a process deliver in as many groups, one after the other. */
const groups = 20;

type Deliver = (at: number) => void;

/** @returns what makes the connections of all cameras of this process; they share memory and one timer */
export function simulatedSources(): CreateSource {
  const memory = new FootageMemory();
  const payload = Buffer.alloc(pictureBytes);
  const cameras: Set<Deliver>[] = Array.from({ length: groups }, () => new Set());
  let turn = 0;
  const timer = setInterval(() => {
    const at = performance.now();
    for (const deliver of cameras[turn++ % groups]!) deliver(at);
  }, everyMs / groups);
  timer.unref();
  let count = 0;
  return ({ take }) => ({
    facts: { reader: 'FLASHBACK', transport: 'TCP' },
    tick: () => undefined,
    async run(signal) {
      const track = new SessionClock().track(90_000, 'video');
      const writer = new FootageWriter(memory);
      const deliver: Deliver = (at) => {
        writer.copy(payload, 0, pictureBytes);
        const unit = { timestamp: Math.round(at * 90) >>> 0, arrivedAt: at, duration: 0 };
        const stamp = track.note(unit);
        take({ ...unit, footage: writer.finish(), isSync: true, format, session, stamp } satisfies FeedUnit);
      };
      const group = cameras[count++ % groups]!;
      group.add(deliver);
      await new Promise((resolve) => {
        if (signal.aborted) resolve(undefined);
        signal.addEventListener('abort', resolve, { once: true });
      });
      group.delete(deliver);
      writer.close();
      return { problem: { code: 'CONNECTION_LOST', message: 'The simulation has ended.' }, isRefused: false };
    },
  });
}
