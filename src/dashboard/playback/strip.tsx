import { type PointerEvent, useRef } from 'react';
import { clock, fineLength } from '../parts/format.ts';
import { t } from '../texts/text.ts';
import type { ClipTime } from './clip-time.ts';
import css from './strip.module.css';

/** The whole clip as a bar: pre-roll is shaded, gaps are hatched, and a click moves to that position. */
export function Strip({
  clip,
  atMs,
  onSeek,
}: {
  clip: ClipTime;
  atMs: number;
  onSeek: (ms: number) => void;
}) {
  const ref = useRef<HTMLDivElement>(null);
  const { lengthMs, eventMs, endMs, gaps, startsAt } = clip;
  const part = (ms: number) => `${lengthMs > 0 ? Math.min(100, (ms / lengthMs) * 100) : 0}%`;
  const seek = (event: PointerEvent) => {
    const { left, width } = (ref.current as HTMLElement).getBoundingClientRect();
    onSeek(Math.min(1, Math.max(0, (event.clientX - left) / width)) * lengthMs);
  };
  return (
    <div
      ref={ref}
      className={css.strip}
      role="slider"
      tabIndex={0}
      aria-label={t('playback.player.position')}
      aria-valuemin={0}
      aria-valuemax={Math.round(lengthMs / 100) / 10}
      aria-valuenow={Math.round(atMs / 100) / 10}
      aria-valuetext={t('playback.player.positionOf', {
        at: fineLength(atMs),
        length: fineLength(lengthMs),
        time: clock(startsAt + atMs),
      })}
      onKeyDown={(event) => {
        const to = moves[event.key]?.(atMs, lengthMs);
        if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        event.stopPropagation();
        onSeek(to);
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        seek(event);
      }}
      onPointerMove={(event) => event.buttons === 1 && seek(event)}
    >
      <div className={css.bar}>
        <span className={css.played} style={{ width: part(atMs) }} />
        <span className={css.outside} data-part="pre-roll" style={{ left: 0, width: part(eventMs) }} />
        <span className={css.outside} data-part="post-roll" style={{ left: part(endMs), right: 0 }} />
        {gaps.map(({ fromMs, toMs }) => (
          <span
            key={fromMs}
            className={css.gap}
            data-part="gap"
            style={{ left: part(fromMs), width: part(toMs - fromMs) }}
          />
        ))}
      </div>
      <span className={css.event} style={{ left: part(eventMs) }} title={t('playback.player.eventBegins')} />
      <span className={css.head} style={{ left: part(atMs) }} />
    </div>
  );
}

/** Where each key moves the slider (WAI-ARIA Authoring Practices), in ms from the start of the clip. */
const moves: Readonly<Record<string, (atMs: number, lengthMs: number) => number>> = {
  ArrowRight: (at) => at + 1_000,
  ArrowUp: (at) => at + 1_000,
  ArrowLeft: (at) => at - 1_000,
  ArrowDown: (at) => at - 1_000,
  PageUp: (at) => at + 10_000,
  PageDown: (at) => at - 10_000,
  Home: () => 0,
  End: (_at, length) => length,
};
