import { query } from '../api/client.ts';
import { PlaybackDownloadDocument } from '../gql/graphql.ts';
import { sayProblem } from '../parts/notice.tsx';

/** Saves the clip with a new link, because links expire while a page is open. */
export async function downloadClip(id: string): Promise<void> {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  try {
    const { playback } = await query(PlaybackDownloadDocument, { id, timeZone });
    if (!playback?.downloadUrl) throw new Error('There is no clip any more.');
    const link = document.createElement('a');
    link.href = playback.downloadUrl;
    link.download = '';
    link.rel = 'noopener';
    // Browsers ignore `download` for other origins. An error page of the bucket must not replace the dashboard.
    if (link.origin !== location.origin) link.target = '_blank';
    link.click();
  } catch (error) {
    sayProblem(error);
  }
}
