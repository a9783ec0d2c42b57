import { type KeyboardEvent, memo, useRef } from 'react';
import { Link } from 'wouter';
import type { Camera, Playback } from '../api/entities.ts';
import { isRunning, occasion } from '../api/running.ts';
import { clock, span, statusName } from '../parts/format.ts';
import { t } from '../texts/text.ts';
import { stretchOf } from './stretch.ts';
import css from './timeline.module.css';
import { CountedPlaybacks } from './timeline-counts.tsx';
import type { TimelineData } from './timeline-data.ts';
import { percent, type Window } from './timeline-view.ts';

/** The timeline row of one camera. Its clips are one Tab stop; the arrow keys move from clip to clip. */
export const CameraRow = memo(function CameraRow({
  camera,
  playbacks: all,
  counted,
  most,
  view,
  now,
}: {
  camera: Camera;
  /** Of all cameras, oldest first. */
  playbacks: readonly Playback[];
  counted: TimelineData['counted'];
  /** The highest number in a column. */
  most: number;
  view: Window;
  now: number;
}) {
  const { from, to } = view;
  const playbacks = all.filter((playback) => playback.camera.id === camera.id);
  const counts = counted?.counts.filter(({ cameraId }) => cameraId === camera.id) ?? [];
  const total = counts.reduce((sum, it) => it.counts.reduce((a, b) => a + b, sum), playbacks.length);
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
        data-camera={camera.id}
        aria-label={t('playbacks.timeline.row', { camera: camera.name, count: total })}
        onKeyDown={onKeyDown}
      >
        <div className={css.line}>
          {now > from && now < to && <span className={css.ahead} style={{ left: percent(now, view) }} />}
          {counted && <CountedPlaybacks counts={counts} counted={counted.window} view={view} most={most} />}
          {playbacks.map((playback, i) => (
            <Clip
              key={playback.id}
              playback={playback}
              view={view}
              // Of a finished playback, the bar does not change, so it is not rendered again as time passes.
              now={isRunning(playback) ? now : 0}
              isStop={i === playbacks.length - 1}
            />
          ))}
        </div>
      </div>
    </>
  );
});

const Clip = memo(function Clip({
  playback,
  view,
  now,
  isStop,
}: {
  playback: Playback;
  view: Window;
  now: number;
  isStop: boolean;
}) {
  const stretch = stretchOf(playback, now);
  const inside = (at: number) => percent(at, stretch);
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
      data-type={playback.event?.type ?? 'BY_HAND'}
      aria-label={label}
      title={label}
      tabIndex={isStop ? 0 : -1}
      style={{
        left: percent(stretch.from, view),
        width: percent(view.from + stretch.to - stretch.from, view),
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
