import { startTestCamera, type TestCamera } from '../camera/camera.ts';
import { capture } from '../camera/captures.ts';
import type { TestApp } from './app.ts';

/** An ordinary camera with sound and a keyframe every second, with its id, once the server reports it in `state`. */
export async function liveCamera(
  app: TestApp,
  settings: object = {},
  state = 'LIVE',
): Promise<{ camera: TestCamera; cameraId: string }> {
  const camera = await startTestCamera({ capture: await capture({ audio: 'aac', gopSec: 1 }) });
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1, ...settings }, state);
  return { camera, cameraId };
}
