import { query } from '../api/client.ts';
import { PlaybackDownloadDocument } from '../gql/graphql.ts';
import { sayProblem } from '../parts/notice.tsx';

/** Saves the clip by a link that is asked for now: links run out while a page is open. */
export async function downloadClip(id: string): Promise<void> {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  try {
    const { playback } = await query(PlaybackDownloadDocument, { id, timeZone });
    if (!playback?.downloadUrl) throw new Error('There is no clip any more.');
    const link = document.createElement('a');
    link.href = playback.downloadUrl;
    link.download = '';
    link.rel = 'noopener';
    // Of another origin the browser ignores `download`: what a bucket says instead must not replace the dashboard.
    if (link.origin !== location.origin) link.target = '_blank';
    link.click();
  } catch (error) {
    sayProblem(error);
  }
}
