import { parseStreamUrl } from '../../domain/stream-url.ts';
import type { Ffmpeg } from '../../ffmpeg/binary.ts';
import type { FootageMemory } from '../../footage/memory.ts';
import type { Camera } from '../../generated/prisma/client.ts';
import type { Launcher } from '../../processes/launcher.ts';
import { createLookup } from '../../rtsp/names.ts';
import { Turns } from '../../rtsp/turns.ts';
import { FallbackSource } from './fallback-source.ts';
import { FfmpegSource } from './ffmpeg-source.ts';
import type { CameraKnowledge } from './knowledge.ts';
import { RtspSource } from './rtsp-source.ts';
import type { Source, TakeUnit } from './source.ts';

/** The settings of a camera that a connection to it depends on. */
export type CameraToRead = Pick<Camera, 'rtspUrl' | 'transport' | 'reader' | 'tls' | 'allowOldTls'>;

export type CreateSource = (options: {
  readonly camera: CameraToRead;
  readonly knowledge: CameraKnowledge;
  readonly take: TakeUnit;
  /** Called with the SHA-256 of the camera's certificate if none is pinned. */
  readonly onCertificate: (fingerprint: string) => void;
}) => Source;

export interface SourceOptions {
  readonly memory: FootageMemory;
  /** Whether cameras may have addresses of this machine or of private networks. */
  readonly privateCameras: boolean;
  readonly launcher: Launcher;
  readonly ffmpeg: Ffmpeg;
}

/** Makes connections to cameras. The camera's settings and its stream decide whether Flashback or ffmpeg reads it. */
export function sourceFactory(shared: SourceOptions): CreateSource {
  const { memory, privateCameras } = shared;
  const lookup = createLookup();
  const turns = new Turns();
  return ({ camera, knowledge, take, onCertificate }) => {
    const byFfmpeg = (reason: string) => new FfmpegSource({ ...shared, camera, reason, knowledge, take });
    if (camera.reader === 'FFMPEG') return byFfmpeg('The camera’s settings say so.');
    const own = new RtspSource({
      memory,
      privateCameras,
      turns,
      lookup,
      address: parseStreamUrl(camera.rtspUrl),
      transport: camera.transport,
      tls: { mode: camera.tls, allowOldTls: camera.allowOldTls },
      knowledge,
      take,
      onCertificate,
    });
    return new FallbackSource(own, byFfmpeg);
  };
}
