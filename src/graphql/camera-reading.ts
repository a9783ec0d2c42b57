import type { ReadingFacts, StreamRates } from '../db/cameras.ts';
import { builder } from './builder.ts';

/** How a camera is read, from the camera's row, and what its stream delivers now. */
export const CameraReading = builder.objectRef<ReadingFacts & StreamRates>('CameraReading').implement({
  description: 'How a camera’s stream is read.',
  fields: (t) => ({
    reader: t.exposeString('reader', {
      description: 'FLASHBACK for the server’s own reader, or FFMPEG for a separate ffmpeg process.',
    }),
    transport: t.exposeString('transport', { description: 'TCP or UDP.' }),
    reason: t.string({
      nullable: true,
      description: 'Why the camera is not read in the usual way, as a sentence; null if it is.',
      resolve: ({ reason }) => reason ?? null,
    }),
    soundLeftOut: t.string({
      nullable: true,
      description: 'Why clips lack the sound that the camera announces, as a sentence; null if they have it.',
      resolve: ({ soundLeftOut }) => soundLeftOut ?? null,
    }),
    framesPerSec: t.float({
      nullable: true,
      description: 'Pictures per second in the ring; null while the ring holds fewer than two pictures.',
      resolve: ({ framesPerSec }) => framesPerSec ?? null,
    }),
    keyframeIntervalSec: t.float({
      nullable: true,
      description:
        'Seconds from one keyframe to the next in the ring; null while the ring holds fewer than two keyframes.',
      resolve: ({ keyframeIntervalSec }) => keyframeIntervalSec ?? null,
    }),
    bitsPerSec: t.float({
      nullable: true,
      description:
        'Bits per second of the pictures in the ring; null while the ring holds fewer than two pictures.',
      resolve: ({ bitsPerSec }) => bitsPerSec ?? null,
    }),
  }),
});
