import type { ReadingFacts, StreamRates } from '../db/cameras.ts';
import { builder } from './builder.ts';

/** How a camera is read, as it stands in the camera's row, and what its stream does now. */
export const CameraReading = builder.objectRef<ReadingFacts & StreamRates>('CameraReading').implement({
  description: 'How a camera’s stream is read.',
  fields: (t) => ({
    reader: t.exposeString('reader', {
      description: 'FLASHBACK, the server’s own reader, or FFMPEG, a process beside it.',
    }),
    transport: t.exposeString('transport', { description: 'TCP or UDP.' }),
    reason: t.string({
      nullable: true,
      description: 'Why it is not read in the usual way, in words; null where it is.',
      resolve: ({ reason }) => reason ?? null,
    }),
    soundLeftOut: t.string({
      nullable: true,
      description: 'Why clips are without the sound that is announced, in words; null where they have it.',
      resolve: ({ soundLeftOut }) => soundLeftOut ?? null,
    }),
    framesPerSec: t.float({
      nullable: true,
      description: 'Pictures per second in the buffer; null while it holds less than two.',
      resolve: ({ framesPerSec }) => framesPerSec ?? null,
    }),
    keyframeIntervalSec: t.float({
      nullable: true,
      description: 'Seconds from keyframe to keyframe in the buffer; null while it holds less than two.',
      resolve: ({ keyframeIntervalSec }) => keyframeIntervalSec ?? null,
    }),
    bitsPerSec: t.float({
      nullable: true,
      description: 'Bits per second of the pictures in the buffer; null while it holds less than two.',
      resolve: ({ bitsPerSec }) => bitsPerSec ?? null,
    }),
  }),
});
