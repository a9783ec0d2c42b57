import { useObservable } from '../api/observable.ts';
import { Button } from '../parts/button.tsx';
import { clock } from '../parts/format.ts';
import { Notice } from '../parts/notice.tsx';
import { t } from '../texts/text.ts';
import { endings, undoEnding } from './ending.ts';

/** Says which events were just ended, and offers to undo that. */
export function EndingNotices() {
  return [...useObservable(endings).values()].map(({ eventId, title, endedAt }) => (
    <Notice key={eventId} text={t('now.hasEnded', { event: title, time: clock(endedAt) })}>
      <Button onClick={() => undoEnding(eventId)}>{t('now.undo')}</Button>
    </Notice>
  ));
}
