import { forgetCamera, forgetPlaybacks } from './entities.ts';

/**
 * Tells this browser's other tabs about changes that the API does not push (deletions, a camera's settings), so that
 * all tabs agree. Other browsers notice them when their tab becomes visible again.
 */

interface News {
  readonly deletedPlayback?: string;
  readonly deletedCamera?: string;
  readonly changedCamera?: string;
}

const channel = new BroadcastChannel('flashback');

export function tellTabs(news: News): void {
  apply(news);
  channel.postMessage(news);
}

/** @param onCameraChanged is called when another tab changed a camera's settings */
export function listenToTabs(onCameraChanged: () => void): () => void {
  const onMessage = ({ data }: MessageEvent<News>) => {
    apply(data);
    if (data.changedCamera) onCameraChanged();
  };
  channel.addEventListener('message', onMessage);
  return () => channel.removeEventListener('message', onMessage);
}

function apply({ deletedPlayback, deletedCamera }: News): void {
  if (deletedPlayback) forgetPlaybacks([deletedPlayback]);
  if (deletedCamera) forgetCamera(deletedCamera);
}
