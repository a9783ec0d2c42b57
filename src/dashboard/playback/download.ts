import { mostIds, query } from '../api/client.ts';
import { ClipsDownloadDocument, PlaybackDownloadDocument } from '../gql/graphql.ts';
import { sayProblem } from '../parts/notice.tsx';
import { t } from '../texts/text.ts';
import { timeZone } from '../texts/time-zone.ts';

/** Saves a clip, or several as one ZIP, with a new link, because links expire while a page is open. */
export async function download(ids: readonly string[]): Promise<void> {
  try {
    if (ids.length > mostIds) throw new Error(t('playback.tooMany', { most: mostIds }));
    const url = ids.length === 1 ? await linkToClip(ids[0] as string) : await linkToZip(ids);
    if (!url) throw new Error(t('playback.noClip'));
    save(url);
  } catch (error) {
    sayProblem(error);
  }
}

const linkToClip = async (id: string) =>
  (await query(PlaybackDownloadDocument, { id, timeZone: timeZone() })).playback?.downloadUrl;

const linkToZip = async (ids: readonly string[]) =>
  (await query(ClipsDownloadDocument, { ids: [...ids], timeZone: timeZone() })).clipsUrl;

function save(url: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = '';
  link.rel = 'noopener';
  // Browsers ignore `download` for other origins. An error page of the bucket must not replace the dashboard.
  if (link.origin !== location.origin) link.target = '_blank';
  link.click();
}
