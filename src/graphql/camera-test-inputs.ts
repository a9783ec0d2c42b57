import type { CameraTrial } from '../db/cameras.ts';
import { builder } from './builder.ts';
import { CameraReading } from './camera-reading.ts';
import { CameraErrorCode, CameraReader, CameraTls, CameraTransport } from './enums.ts';

/** Input and payload of testCamera. */

export const TestCameraInput = builder.inputType('TestCameraInput', {
  description: 'How to connect to a camera, with the same settings as createCamera.',
  fields: (t) => ({
    cameraId: t.id({
      description:
        'An existing camera. For it, `rtspUrl` may be the address as the API shows it; the stored credentials are used.',
    }),
    rtspUrl: t.string({ required: true, description: 'The stream’s address, rtsp:// or rtsps://.' }),
    transport: t.field({
      type: CameraTransport,
      description:
        'The transport that is requested from the camera. If left out: the setting of the camera `cameraId`, or AUTO.',
    }),
    reader: t.field({
      type: CameraReader,
      description:
        'The program that reads the stream. If left out: the setting of the camera `cameraId`, or AUTO.',
    }),
    tls: t.field({
      type: CameraTls,
      description:
        'Which certificate of an rtsps:// address is accepted. If left out: the setting of the camera `cameraId`, or PINNED.',
    }),
    allowOldTls: t.boolean({
      description:
        'Whether TLS 1.0 and 1.1 are accepted. If left out: the setting of the camera `cameraId`, or false.',
    }),
  }),
});

export const TestCameraPayload = builder.objectRef<CameraTrial>('TestCameraPayload').implement({
  description: 'What the test of the camera’s stream found.',
  fields: (t) => ({
    problem: t.string({
      nullable: true,
      description: 'Why the camera cannot be recorded, as a sentence; null if it can.',
      resolve: ({ problem }) => problem?.message ?? null,
    }),
    problemCode: t.field({
      type: CameraErrorCode,
      nullable: true,
      description: 'The kind of `problem`; null if there is none.',
      resolve: ({ problem }) => problem?.code ?? null,
    }),
    reading: t.field({
      type: CameraReading,
      nullable: true,
      description: 'How the stream was read.',
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
      description: 'The picture’s size, like 1920x1080.',
      resolve: ({ resolution }) => resolution ?? null,
    }),
    framesPerSec: t.float({
      nullable: true,
      description: 'Pictures per second.',
      resolve: ({ framesPerSec }) => framesPerSec ?? null,
    }),
    keyframeIntervalSec: t.float({
      nullable: true,
      description: 'Seconds from one keyframe to the next; null if no second keyframe was seen.',
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
