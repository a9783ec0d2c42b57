import type { ReadingFacts } from '../db/cameras.ts';
import { builder } from './builder.ts';

/** How a camera is read, as it stands in the camera's row. */
export const CameraReading = builder.objectRef<ReadingFacts>('CameraReading').implement({
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
  }),
});
