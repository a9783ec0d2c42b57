import type { Playback } from '../api/entities.ts';
import { useObservable } from '../api/observable.ts';
import { useMay } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { clock } from '../parts/format.ts';
import { t } from '../texts/text.ts';
import { stopRecording } from './actions.ts';
import css from './end-button.module.css';
import { endEvent, endings } from './ending.ts';

/** Ends the playback's event, or stops a recording without an event. Renders nothing if neither is possible. */
export function EndButton({ playback }: { playback: Playback }) {
  const { id, event, recordingStatus } = playback;
  const [mayReport, mayRecord] = [useMay('report'), useMay('record')];
  const ending = useObservable(endings).get(event?.id ?? '');
  const takesMore = recordingStatus === 'RECORDING' || recordingStatus === 'PENDING';
  if (ending) return <span className={css.ended}>{t('now.endedAt', { time: clock(ending.endedAt) })}</span>;
  if (!takesMore) return null;
  if (!event) {
    return mayRecord ? (
      <Button icon="stop" kind="danger" onClick={() => stopRecording(id)}>
        {t('now.stop')}
      </Button>
    ) : null;
  }
  return mayReport && !event.endedAt ? (
    <Button onClick={() => endEvent(playback)}>{t('now.endEvent')}</Button>
  ) : null;
}
