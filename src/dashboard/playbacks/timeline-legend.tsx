import type { Playback } from '../api/entities.ts';
import { isRunning } from '../api/running.ts';
import { eventTypes, statusName, typeName } from '../parts/format.ts';
import { t } from '../texts/text.ts';
import css from './timeline.module.css';
import type { TimelineData } from './timeline-data.ts';

/** What the colours on the timeline mean: those that are there. */
export function TimelineLegend({ playbacks, counted }: TimelineData) {
  const shown = new Set<string | undefined>([
    ...playbacks.map((it) => it.event?.type ?? 'BY_HAND'),
    ...(counted?.counts ?? []).map(({ eventType }) => eventType ?? 'BY_HAND'),
  ]);
  const status = (isShown: (it: Playback) => boolean, key: string, name: string) =>
    playbacks.some(isShown) ? [{ key, name }] : [];
  const entries = [
    ...eventTypes
      .filter((type) => shown.has(type))
      .map((type) => ({ key: type as string, name: typeName(type) })),
    ...(shown.has('BY_HAND') ? [{ key: 'BY_HAND', name: t('playbacks.timeline.byHand') }] : []),
    ...status(isRunning, 'RECORDING', statusName('RECORDING')),
    ...status((it) => it.recordingStatus === 'FAILED', 'FAILED', statusName('FAILED')),
  ];
  return (
    <ul className={css.legend} aria-label={t('playbacks.timeline.colours')}>
      {entries.map(({ key, name }) => (
        <li key={key}>
          <span className={css.swatch} data-type={key} />
          {name}
        </li>
      ))}
    </ul>
  );
}
