import { parseStreamUrl } from '../../domain/stream-url.ts';
import type { FootageMemory } from '../../footage/memory.ts';
import type { Camera } from '../../generated/prisma/client.ts';
import type { CameraKnowledge } from './knowledge.ts';
import { RtspSource } from './rtsp-source.ts';
import type { Source, TakeUnit } from './source.ts';

/** What a connection to a camera depends on. */
export type CameraToRead = Pick<Camera, 'rtspUrl' | 'transport' | 'reader' | 'tls' | 'allowOldTls'>;

export type CreateSource = (options: {
  readonly camera: CameraToRead;
  readonly knowledge: CameraKnowledge;
  readonly take: TakeUnit;
  /** The camera has shown this certificate (SHA-256), and none is pinned. */
  readonly onCertificate: (fingerprint: string) => void;
}) => Source;

/** Makes the connections to cameras: which reader, by the camera's settings. */
export function sourceFactory(shared: { memory: FootageMemory; privateCameras: boolean }): CreateSource {
  return ({ camera, knowledge, take, onCertificate }) =>
    new RtspSource({
      ...shared,
      address: parseStreamUrl(camera.rtspUrl),
      transport: camera.transport,
      tls: { mode: camera.tls, allowOldTls: camera.allowOldTls },
      knowledge,
      take,
      onCertificate,
    });
}
