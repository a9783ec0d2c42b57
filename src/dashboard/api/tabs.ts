import { forgetCamera, forgetPlaybacks, markPlaybacks } from './entities.ts';

/**
 * Tells this browser's other tabs about changes that the API does not push (deletions, a camera's settings, protection,
 * reviewed marks), so that all tabs agree. Other browsers notice them when their tab becomes visible again.
 */

interface News {
  readonly deletedPlayback?: string;
  readonly deletedCamera?: string;
  readonly changedCamera?: string;
  readonly changedPlayback?: string;
  readonly marked?: { readonly ids: readonly string[]; readonly reviewed: boolean };
}

const channel = new BroadcastChannel('flashback');

export function tellTabs(news: News): void {
  apply(news);
  channel.postMessage(news);
}

/** @param on is called with what another tab has changed */
export function listenToTabs(on: {
  readonly camera: () => void;
  readonly playback: (id: string) => void;
}): () => void {
  const onMessage = ({ data }: MessageEvent<News>) => {
    apply(data);
    if (data.changedCamera) on.camera();
    if (data.changedPlayback) on.playback(data.changedPlayback);
  };
  channel.addEventListener('message', onMessage);
  return () => channel.removeEventListener('message', onMessage);
}

function apply({ deletedPlayback, deletedCamera, marked }: News): void {
  if (deletedPlayback) forgetPlaybacks([deletedPlayback]);
  if (deletedCamera) forgetCamera(deletedCamera);
  if (marked) markPlaybacks(marked.ids, marked.reviewed);
}
