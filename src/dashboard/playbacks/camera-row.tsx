import { type KeyboardEvent, memo, useRef } from 'react';
import { Link } from 'wouter';
import type { Camera, Playback } from '../api/entities.ts';
import { isRunning, occasion } from '../api/running.ts';
import { clock, span, statusName } from '../parts/format.ts';
import { t } from '../texts/text.ts';
import { stretchOf } from './stretch.ts';
import css from './timeline.module.css';
import type { Window } from './timeline.tsx';

/** The timeline row of one camera. It is one Tab stop; the arrow keys move from clip to clip. */
export function CameraRow({
  camera,
  playbacks,
  window: { from, to },
  now,
}: {
  camera: Camera;
  /** Oldest first. */
  playbacks: readonly Playback[];
  window: Window;
  now: number;
}) {
  const ref = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!way) return;
    const clips = [...(ref.current?.querySelectorAll('a') ?? [])];
    const next = clips[clips.indexOf(event.target as HTMLAnchorElement) + way];
    next?.focus();
    event.preventDefault();
  };
  return (
    <>
      <div className={css.name} title={camera.name}>
        {camera.name}
      </div>
      <div
        ref={ref}
        className={css.row}
        role="group"
        aria-label={t('playbacks.timeline.row', { camera: camera.name, count: playbacks.length })}
        onKeyDown={onKeyDown}
      >
        {now > from && now < to && <span className={css.ahead} style={{ left: percent(now, from, to) }} />}
        {playbacks.map((playback, i) => (
          <Clip
            key={playback.id}
            playback={playback}
            from={from}
            to={to}
            // Of a finished playback, the bar does not change, so it is not rendered again as time passes.
            now={isRunning(playback) ? now : 0}
            isStop={i === playbacks.length - 1}
          />
        ))}
      </div>
    </>
  );
}

const percent = (at: number, from: number, to: number) => `${((at - from) / Math.max(1, to - from)) * 100}%`;

const Clip = memo(function Clip({
  playback,
  from,
  to,
  now,
  isStop,
}: {
  playback: Playback;
  from: number;
  to: number;
  now: number;
  isStop: boolean;
}) {
  const stretch = stretchOf(playback, now);
  const inside = (at: number) => percent(at, stretch.from, stretch.to);
  const words = [
    `${clock(playback.startedAt)}, ${occasion(playback)}`,
    statusName(playback.recordingStatus),
    playback.durationMs != null ? span(playback.durationMs) : undefined,
    playback.gaps.length > 0 ? t('playbacks.gaps', { count: playback.gaps.length }) : undefined,
  ];
  const label = words.filter(Boolean).join(', ');
  return (
    <Link
      to={`/playbacks/${playback.id}`}
      className={css.clip}
      data-status={playback.recordingStatus}
      aria-label={label}
      title={label}
      tabIndex={isStop ? 0 : -1}
      style={{
        left: percent(stretch.from, from, to),
        width: percent(stretch.to - stretch.from, 0, to - from),
      }}
    >
      <span className={css.preRoll} style={{ width: inside(stretch.event) }} />
      {playback.gaps.map((gap) => (
        <span
          key={gap.from}
          className={css.gap}
          style={{
            left: inside(Date.parse(gap.from)),
            width: `calc(${inside(Date.parse(gap.to))} - ${inside(Date.parse(gap.from))})`,
          }}
        />
      ))}
    </Link>
  );
});
