import { useEffect } from 'react';
import { mostIds, mutate } from '../api/client.ts';
import type { Playback } from '../api/entities.ts';
import { tellTabs } from '../api/tabs.ts';
import { ReviewPlaybacksDocument } from '../gql/graphql.ts';
import { Button } from '../parts/button.tsx';
import { say, sayProblem } from '../parts/notice.tsx';
import { usePageKeys } from '../parts/page-keys.ts';
import { t } from '../texts/text.ts';

/** Marks playbacks as reviewed by the user or, if all are marked, takes the marks back, and says so. */
export async function toggleReviewed(playbacks: readonly Playback[]): Promise<void> {
  const reviewed = playbacks.some((playback) => !playback.reviewed);
  const ids = playbacks.map(({ id }) => id);
  try {
    for (let i = 0; i < ids.length; i += mostIds) await save(ids.slice(i, i + mostIds), reviewed);
    say(t(reviewed ? 'playback.review.marked' : 'playback.review.unmarked', { count: ids.length }));
  } catch (error) {
    sayProblem(error);
  }
}

/** @throws Refusal */
async function save(ids: readonly string[], reviewed: boolean): Promise<void> {
  await mutate(ReviewPlaybacksDocument, { ids: [...ids], reviewed });
  tellTabs({ marked: { ids, reviewed } });
}

/** Marks the playback as reviewed once the user has played its clip, or looked at another place in it. */
export function useReviewed({ id, reviewed }: Playback, isSeen: boolean): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: a mark that the user takes back stays taken back
  useEffect(() => {
    // Without an answer, the playback stays in the list of what is still to be reviewed.
    if (isSeen && !reviewed) save([id], true).catch(() => {});
  }, [id, isSeen]);
}

/** Marks the playback or takes the mark back; the key "r" does the same. */
export function ReviewButton({ playback }: { playback: Playback }) {
  const { reviewed } = playback;
  const toggle = () => void toggleReviewed([playback]);
  usePageKeys(({ key }) => (key === 'r' ? toggle : undefined));
  return (
    <Button icon="reviewed" title={t('playback.review.key')} onClick={toggle}>
      {t(reviewed ? 'playback.review.unmark' : 'playback.review.mark')}
    </Button>
  );
}
