import { plainAacFormat } from '../../../src/codecs/aac.ts';
import { h264Format } from '../../../src/codecs/h264.ts';
import { FootageMemory } from '../../../src/footage/memory.ts';
import { FootageWriter } from '../../../src/footage/writer.ts';
import type { FeedSession, FeedUnit } from '../../../src/recording/feed/feed-unit.ts';
import { SessionClock } from '../../../src/recording/feed/session-clock.ts';

/** x264's parameter sets of H.264 baseline, 320x180. */
const videoFormat = h264Format(
  [Buffer.from('6742c00cda05067e7c0440000003004000000783c50aa8', 'hex')],
  [Buffer.from('68ce0fc8', 'hex')],
);
const soundFormat = plainAacFormat(16_000, 1);

export interface UnitMaker {
  /** A picture that was taken and received at this time (monotonic milliseconds). */
  picture(at: number, isSync: boolean): FeedUnit;
  /** A frame of 64 ms of sound that was taken at this time, and received then or later. */
  sound(at: number, arrivedAt?: number): FeedUnit;
}

/** Units of one session, of this many bytes each, with right clocks. */
export function unitMaker(bytes = 100): UnitMaker {
  const session: FeedSession = { soundFormat, awaitsSound: false, reorderDepth: 0 };
  const clock = new SessionClock();
  const tracks = { video: clock.track(90_000, 'video'), sound: clock.track(16_000, 'sound') };
  const writer = new FootageWriter(new FootageMemory());
  const payload = Buffer.alloc(bytes);
  const footage = () => {
    writer.copy(payload, 0, bytes);
    return writer.finish();
  };
  return {
    picture(at, isSync) {
      const unit = { timestamp: Math.round(at * 90) >>> 0, arrivedAt: at, duration: 0 };
      const stamp = tracks.video.note(unit);
      return { ...unit, footage: footage(), isSync, format: videoFormat, session, stamp };
    },
    sound(at, arrivedAt = at) {
      const unit = { timestamp: Math.round(at * 16) >>> 0, arrivedAt, duration: 1024 };
      const stamp = tracks.sound.note(unit);
      return { ...unit, footage: footage(), isSync: true, format: soundFormat, session, stamp };
    },
  };
}
