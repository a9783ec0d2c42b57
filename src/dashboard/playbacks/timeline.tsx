import { type CSSProperties, useId } from 'react';
import type { Camera } from '../api/entities.ts';
import { IconButton } from '../parts/button.tsx';
import { dayName, dayStart, localDay, shortClock } from '../parts/format.ts';
import { t } from '../texts/text.ts';
import { CameraRow } from './camera-row.tsx';
import { localTime, type TimeRange } from './time-range.ts';
import css from './timeline.module.css';
import type { TimelineData } from './timeline-data.ts';

/** Epoch ms. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

const hourMs = 3_600_000;
const spans = [24, 6, 1] as const;

/** The filtered time as one row per camera: clips, their pre-roll, their gaps, failures. */
export function Timeline({
  cameras,
  window,
  data: { playbacks, loaded, truncated },
  now,
  onTime,
}: {
  cameras: readonly Camera[];
  window: Window;
  data: TimelineData;
  now: number;
  onTime: (time: TimeRange) => void;
}) {
  const titleId = useId();
  const { from, to } = window;
  const hours = isWholeDay(window) ? 24 : (to - from) / hourMs;
  const show = (middle: number, hours: number) => onTime(around(middle, hours));
  const step = hours === 24 ? to - from : (to - from) / 2;
  const zoom = (next: number) => {
    const newest = playbacks.at(-1)?.startedAt;
    const ofInterest = newest ? Date.parse(newest) : Math.min(now, to);
    show(hours >= 24 && next < 24 ? ofInterest : (from + to) / 2, next);
  };
  const scale = marks(from, to);
  const part = (at: number) => `${((at - from) / (to - from)) * 100}%`;
  const lines = scale.map(({ at }) => `linear-gradient(var(--line) 0 0) ${part(at)} 0 / 1px 100% no-repeat`);
  return (
    <section className={css.panel} aria-labelledby={titleId}>
      <header className={css.head}>
        <h2 id={titleId}>{title(window)}</h2>
        <p className={css.hint} role="status">
          {loaded && playbacks.length === 0 && t('playbacks.timeline.nothing')}
          {truncated && t('playbacks.timeline.busy', { count: playbacks.length })}
        </p>
        <div className={css.controls}>
          <div className={css.spans} role="group" aria-label={t('playbacks.timeline.span')}>
            {spans.map((each) => (
              <button key={each} type="button" aria-pressed={each === hours} onClick={() => zoom(each)}>
                {t('playbacks.timeline.hours', { count: each })}
              </button>
            ))}
          </div>
          <IconButton
            icon="back"
            label={t('playbacks.timeline.earlier')}
            onClick={() => show((from + to) / 2 - step, hours)}
          />
          <IconButton
            icon="forward"
            label={t('playbacks.timeline.later')}
            disabled={to > now}
            onClick={() => show((from + to) / 2 + step, hours)}
          />
        </div>
      </header>
      <div className={css.rows} style={{ '--marks': lines.join() || 'none' } as CSSProperties}>
        <div className={css.scale} aria-hidden="true">
          {scale.map(({ at, text }) => (
            <span key={at} style={{ left: part(at) }}>
              {text}
            </span>
          ))}
        </div>
        {cameras.map((camera) => (
          <CameraRow
            key={camera.id}
            camera={camera}
            playbacks={playbacks.filter((playback) => playback.camera.id === camera.id)}
            window={window}
            now={now}
          />
        ))}
      </div>
    </section>
  );
}

const isWholeDay = ({ from, to }: Window) =>
  dayStart(localDay(from)).getTime() === from && dayStart(localDay(from), 1).getTime() === to;

/** A day, or hours that begin at a half hour. */
function around(middle: number, hours: number): TimeRange {
  if (hours === 24) return { kind: 'day', day: localDay(middle) };
  const half = hourMs / 2;
  const from = Math.round((middle - (hours * hourMs) / 2) / half) * half;
  return { kind: 'between', from: localTime(from), to: localTime(from + hours * hourMs) };
}

function title(window: Window): string {
  const { from, to } = window;
  if (isWholeDay(window)) return dayName(localDay(from));
  const sameDay = localDay(from) === localDay(to - 1);
  const end = sameDay ? shortClock(to) : `${dayName(localDay(to))}, ${shortClock(to)}`;
  return `${dayName(localDay(from))}, ${shortClock(from)} – ${end}`;
}

const stepsMs = [10, 30, 60, 180, 360].map((minutes) => minutes * 60_000);

/** Marks along the top: the hours of a day of 23, 24 or 25 hours, parts of hours, or midnights. */
function marks(from: number, to: number): readonly { at: number; text: string }[] {
  const step = stepsMs.find((each) => (to - from) / each <= 9);
  const found: { at: number; text: string }[] = [];
  const day = localDay(from);
  // Marks follow local time: when it is set forward or back, they stay at full hours.
  const mark = (i: number) => {
    const date = dayStart(day, step ? 0 : i * Math.ceil((to - from) / (8 * 24 * hourMs)));
    if (step) date.setMinutes((i * step) / 60_000);
    return date.getTime();
  };
  for (let i = 0; mark(i) < to && found.length < 50; i++) {
    const at = mark(i);
    if (at >= from) found.push({ at, text: step ? shortClock(at) : localDay(at).slice(5) });
  }
  return found;
}
