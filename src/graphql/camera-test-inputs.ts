import type { CameraTrial } from '../db/cameras.ts';
import { builder } from './builder.ts';
import { CameraReading } from './camera-reading.ts';
import { CameraReader, CameraTls, CameraTransport } from './enums.ts';

/** What testCamera takes and answers. */

export const TestCameraInput = builder.inputType('TestCameraInput', {
  description: 'How to connect to a camera, as createCamera takes it.',
  fields: (t) => ({
    cameraId: t.id({
      description:
        'A camera that is there: its address as the API shows it stands for that with credentials.',
    }),
    rtspUrl: t.string({ required: true, description: 'The stream’s address, rtsp:// or rtsps://.' }),
    transport: t.field({
      type: CameraTransport,
      description:
        'Over what its stream is asked for. Left out: as set for the camera that is there, or AUTO.',
    }),
    reader: t.field({
      type: CameraReader,
      description: 'What reads its stream. Left out: as set for the camera that is there, or AUTO.',
    }),
    tls: t.field({
      type: CameraTls,
      description:
        'Which certificate of an rtsps:// address is accepted. Left out: as set for the camera that is there, or PINNED.',
    }),
    allowOldTls: t.boolean({
      description:
        'Whether TLS 1.0 and 1.1 are accepted. Left out: as set for the camera that is there, or false.',
    }),
  }),
});

export const TestCameraPayload = builder.objectRef<CameraTrial>('TestCameraPayload').implement({
  description: 'What a look at the camera’s stream has shown.',
  fields: (t) => ({
    problem: t.string({
      nullable: true,
      description: 'Why it cannot be recorded, in words; null where it can.',
      resolve: ({ problem }) => problem ?? null,
    }),
    reading: t.field({
      type: CameraReading,
      nullable: true,
      description: 'How its stream was read.',
      resolve: ({ reading, ...trial }) => (reading ? { ...trial, ...reading } : null),
    }),
    codec: t.string({
      nullable: true,
      description: 'The video’s codec (RFC 6381).',
      resolve: ({ codec }) => codec ?? null,
    }),
    audioCodec: t.string({
      nullable: true,
      description: 'The sound’s codec in clips (RFC 6381).',
      resolve: ({ audioCodec }) => audioCodec ?? null,
    }),
    resolution: t.string({
      nullable: true,
      description: 'Like 1920x1080.',
      resolve: ({ resolution }) => resolution ?? null,
    }),
    framesPerSec: t.float({
      nullable: true,
      description: 'Pictures per second.',
      resolve: ({ framesPerSec }) => framesPerSec ?? null,
    }),
    keyframeIntervalSec: t.float({
      nullable: true,
      description: 'Seconds from keyframe to keyframe; null where no second one was seen.',
      resolve: ({ keyframeIntervalSec }) => keyframeIntervalSec ?? null,
    }),
    bitsPerSec: t.float({
      nullable: true,
      description: 'Bits per second of the pictures.',
      resolve: ({ bitsPerSec }) => bitsPerSec ?? null,
    }),
    picture: t.string({
      nullable: true,
      description: 'A JPEG of the first picture, as a data: URL.',
      resolve: ({ jpeg }) => (jpeg ? `data:image/jpeg;base64,${jpeg.toString('base64')}` : null),
    }),
  }),
});
