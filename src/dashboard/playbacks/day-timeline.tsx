import { useId } from 'react';
import type { Camera } from '../api/entities.ts';
import { IconButton } from '../parts/button.tsx';
import { dayName, dayStart, localDay, shortClock } from '../parts/format.ts';
import { useNow } from '../parts/time.tsx';
import { CameraLine } from './camera-line.tsx';
import { type DayWindow, spans, useDay, useDayWindow } from './day.ts';
import css from './day-timeline.module.css';

/** One day on a line for each camera: clips, their pre-roll, their gaps, what failed. */
export function DayTimeline({ cameras }: { cameras: readonly Camera[] }) {
  const titleId = useId();
  const [window, move] = useDayWindow();
  const { playbacks, truncated } = useDay(window);
  const now = useNow(10_000);
  const { day, hours, from, to } = window;
  const span = to - from;
  const recorded = cameras.filter(({ id }) => playbacks.some(({ camera }) => camera.id === id));
  const step = hours === 24 ? span : span / 2;
  const zoom = (next: number) => {
    const ofInterest = playbacks.at(-1)?.startedAt;
    const middle = hours === 24 ? (ofInterest ? Date.parse(ofInterest) : Math.min(now, to)) : (from + to) / 2;
    move({ hours: next, middle: next === 24 ? from : middle });
  };
  return (
    <section className={css.panel} aria-labelledby={titleId}>
      <header className={css.head}>
        <h2 id={titleId}>{dayName(day)}</h2>
        <div className={css.controls}>
          <div className={css.spans} role="group" aria-label="Span">
            {spans.map((each) => (
              <button key={each} type="button" aria-pressed={each === hours} onClick={() => zoom(each)}>
                {each} h
              </button>
            ))}
          </div>
          <IconButton icon="back" label="Earlier" onClick={() => move({ middle: (from + to) / 2 - step })} />
          <input
            type="date"
            className={css.date}
            aria-label="Day"
            value={day}
            max={localDay(now)}
            onChange={({ target }) =>
              target.value && move({ middle: dayStart(target.value).getTime() + 12 * 3_600_000 })
            }
          />
          <IconButton
            icon="forward"
            label="Later"
            disabled={to > now}
            onClick={() => move({ middle: (from + to) / 2 + step })}
          />
        </div>
      </header>
      <div className={css.lines}>
        <Scale window={window} />
        {recorded.map((camera) => (
          <CameraLine
            key={camera.id}
            camera={camera}
            playbacks={playbacks.filter((playback) => playback.camera.id === camera.id)}
            window={window}
            now={now}
          />
        ))}
      </div>
      {recorded.length === 0 && <p className={css.hint}>Nothing was recorded in this stretch.</p>}
      {truncated && <p className={css.hint}>This is a busy stretch: only its newest playbacks are drawn.</p>}
    </section>
  );
}

/** Hours (or minutes) along the top. */
function Scale({ window: { from, to, hours } }: { window: DayWindow }) {
  const every = { 24: 3, 6: 1, 1: 1 / 6 }[hours] * 3_600_000;
  const marks: number[] = [];
  for (let at = from; at < to; at += every) marks.push(at);
  return (
    <div className={css.scale} aria-hidden="true">
      {marks.map((at) => (
        <span key={at} style={{ left: `${((at - from) / (to - from)) * 100}%` }}>
          {shortClock(at)}
        </span>
      ))}
    </div>
  );
}
