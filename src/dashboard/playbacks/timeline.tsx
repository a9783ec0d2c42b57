import {
  type CSSProperties,
  type KeyboardEvent,
  type RefObject,
  useDeferredValue,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { Camera, Playback } from '../api/entities.ts';
import type { PlaybackFilter } from '../gql/graphql.ts';
import { ButtonLink, IconButton } from '../parts/button.tsx';
import { clock, dayName, localDay, shortClock } from '../parts/format.ts';
import { usePageKeys } from '../parts/page-keys.ts';
import { t } from '../texts/text.ts';
import { CameraRow } from './camera-row.tsx';
import { exactTime, type TimeRange } from './time-range.ts';
import css from './timeline.module.css';
import { type Counts, useTimelineData } from './timeline-data.ts';
import { useGestures, zoomStep } from './timeline-gestures.ts';
import { TimelineLegend } from './timeline-legend.tsx';
import { PointedMoment } from './timeline-pointer.tsx';
import { marksOf } from './timeline-scale.ts';
import { isWholeDay, moved, percent, rangeOf, type Window, zoomed } from './timeline-view.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const spans = [24, 6, 1] as const;
/** How long nothing moves before the list is asked for what the timeline shows. */
const settleMs = 350;

export interface TimelinePlayhead {
  /** Epoch ms; asked for each frame of the screen. */
  readonly moment: () => number;
  readonly onPick: (moment: number) => void;
}

/**
 * The filtered time as one row per camera: clips, their pre-roll, their gaps, failures; or their numbers, if they are too
 * many. It can be zoomed from a year to a second, and moved.
 */
export function Timeline({
  cameras,
  filter,
  window,
  now,
  playhead,
  onTime,
}: {
  cameras: readonly Camera[];
  /** With the bounds of the window. */
  filter: PlaybackFilter;
  window: Window;
  now: number;
  /** A line across all rows, which a click moves. */
  playhead?: TimelinePlayhead;
  /** @param isStep whether the change continues the one before */
  onTime: (time: TimeRange, isStep?: boolean) => void;
}) {
  const titleId = useId();
  const area = useRef<HTMLDivElement>(null);
  const [view, setView] = useView(window, onTime);
  const drawn = useDeferredValue(view);
  const data = useTimelineData(filter, window, drawn);
  const { playbacks, counted, loaded } = data;
  useMomentLine(area, view, playhead?.moment);
  useGestures({ area, window: view, onView: setView, onPick: playhead?.onPick });
  const { from, to } = view;
  const middle = (from + to) / 2;
  const hours = isWholeDay(view) ? 24 : (to - from) / hourMs;
  const step = hours === 24 ? to - from : (to - from) / 2;
  const show = (middle: number, hours: number) => onTime(around(middle, hours));
  const span = (next: number) => {
    const newest = playbacks.at(-1)?.startedAt;
    const ofInterest = newest ? Date.parse(newest) : Math.min(now, to);
    show(hours >= 24 && next < 24 ? ofInterest : middle, next);
  };
  const zoom = (factor: number) => setView(zoomed(view, factor, middle));
  usePageKeys(({ key }) => {
    const factor = { '+': 1 / zoomStep, '=': 1 / zoomStep, '-': zoomStep, '−': zoomStep }[key];
    return factor === undefined ? undefined : () => zoom(factor);
  });
  const onScaleKey = (event: KeyboardEvent) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    setView(moved(view, (way * (to - from)) / (event.shiftKey ? 2 : 8)));
  };
  const marks = useMemo(() => marksOf(view), [view]);
  const most = useMemo(() => highest(counted?.counts ?? []), [counted]);
  const total = (counted?.counts ?? []).reduce((sum, it) => it.counts.reduce((a, b) => a + b, sum), 0);
  const lines = useMemo(() => linesOf(drawn), [drawn]);
  return (
    <section className={css.panel} aria-labelledby={titleId}>
      <header className={css.head}>
        <h2 id={titleId}>{title(view)}</h2>
        <p className={css.hint} role="status">
          {loaded && playbacks.length === 0 && total === 0 && t('playbacks.timeline.nothing')}
          {total > 0 && t('playbacks.timeline.many', { count: total })}
        </p>
        <div className={css.controls}>
          {!playhead && <TogetherLink cameras={cameras} playbacks={playbacks} />}
          <div className={css.spans} role="group" aria-label={t('playbacks.timeline.span')}>
            {spans.map((each) => (
              <button key={each} type="button" aria-pressed={each === hours} onClick={() => span(each)}>
                {t('playbacks.timeline.hours', { count: each })}
              </button>
            ))}
          </div>
          <IconButton icon="minus" label={t('playbacks.timeline.zoomOut')} onClick={() => zoom(zoomStep)} />
          <IconButton icon="plus" label={t('playbacks.timeline.zoomIn')} onClick={() => zoom(1 / zoomStep)} />
          <IconButton
            icon="back"
            label={t('playbacks.timeline.earlier')}
            onClick={() => show(middle - step, hours)}
          />
          <IconButton
            icon="forward"
            label={t('playbacks.timeline.later')}
            disabled={to > now}
            onClick={() => show(middle + step, hours)}
          />
        </div>
      </header>
      <div
        ref={area}
        className={css.rows}
        data-moment={playhead && ''}
        style={layerStyle(drawn, view, lines)}
      >
        <div
          className={css.scale}
          data-scale
          role="slider"
          tabIndex={0}
          aria-label={t('playbacks.timeline.shown')}
          aria-valuemin={0}
          aria-valuemax={Math.round(Math.max(now, middle))}
          aria-valuenow={Math.round(middle)}
          aria-valuetext={title(view)}
          onKeyDown={onScaleKey}
        >
          {marks.map(({ at, text }) => (
            <span key={at} style={{ left: percent(at, view) }}>
              {text}
            </span>
          ))}
        </div>
        {cameras.map((camera) => (
          <CameraRow
            key={camera.id}
            camera={camera}
            playbacks={playbacks}
            counted={counted}
            most={most}
            view={drawn}
            now={now}
          />
        ))}
        <PointedMoment area={area} playbacks={playbacks} view={view} now={now} />
      </div>
      <TimelineLegend {...data} />
    </section>
  );
}

/** For each mark, a line through all rows, as a CSS background. */
const linesOf = (view: Window): readonly string[] =>
  marksOf(view).map(
    ({ at }) => `linear-gradient(var(--line) 0 0) ${percent(at, view)} 0 / 1px 100% no-repeat`,
  );

/** Leads to the clips of the cameras that recorded something here, from the first of these moments on. */
function TogetherLink({
  cameras,
  playbacks,
}: {
  cameras: readonly Camera[];
  playbacks: readonly Playback[];
}) {
  const clips = playbacks.filter(({ recordingStatus }) => recordingStatus === 'COMPLETED');
  const recorded = cameras.filter(({ id }) => clips.some(({ camera }) => camera.id === id)).slice(0, 4);
  const first = clips[0];
  if (!first) return null;
  const search = new URLSearchParams([
    ['at', first.clipStartedAt ?? first.startedAt],
    ...recorded.map(({ id }) => ['camera', id]),
  ]);
  return (
    <ButtonLink to={`/together?${search}`} kind="bare" icon="play">
      {t('playbacks.timeline.together')}
    </ButtonLink>
  );
}

/** What is shown: the window of the filter, and while it is zoomed or moved, another one, which the filter then takes over. */
function useView(
  window: Window,
  onTime: (time: TimeRange, isStep?: boolean) => void,
): [Window, (view: Window) => void] {
  const [view, setView] = useState<Window>();
  const onTimeNow = useRef(onTime);
  onTimeNow.current = onTime;
  /** The address that the last zoom or move has led to. */
  const led = useRef<string>(undefined);
  const { from, to } = window;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another window has come from outside
  useEffect(() => setView(undefined), [from, to]);
  useEffect(() => {
    if (!view) return;
    const timer = setTimeout(() => {
      onTimeNow.current(rangeOf(view), led.current === location.href);
      led.current = location.href;
      setView(undefined);
    }, settleMs);
    return () => clearTimeout(timer);
  }, [view]);
  return [view ?? window, setView];
}

/** The most playbacks that one camera has in one stretch of time. */
function highest(counts: readonly Counts[]): number {
  const columns = new Map<string, number[]>();
  for (const { cameraId, counts: more } of counts)
    columns.set(
      cameraId,
      more.map((count, i) => count + (columns.get(cameraId)?.[i] ?? 0)),
    );
  return Math.max(1, ...[...columns.values()].flat());
}

/** Draws the line of a moment across the rows without rendering them. */
function useMomentLine(
  area: RefObject<HTMLElement | null>,
  view: Window,
  moment: (() => number) | undefined,
): void {
  const now = useRef({ view, moment });
  now.current = { view, moment };
  const isShown = moment !== undefined;
  useEffect(() => {
    if (!isShown) return;
    let frame = 0;
    const draw = () => {
      const { view, moment } = now.current;
      if (moment) area.current?.style.setProperty('--moment', percent(moment(), view));
      frame = requestAnimationFrame(draw);
    };
    draw();
    return () => cancelAnimationFrame(frame);
  }, [area, isShown]);
}

/** Until React has drawn the rows for what is shown, they are moved and stretched. */
function layerStyle(drawn: Window, view: Window, lines: readonly string[]): CSSProperties {
  const length = view.to - view.from;
  return {
    '--marks': lines.join() || 'none',
    '--shift': `${((drawn.from - view.from) / length) * 100}%`,
    '--stretch': String((drawn.to - drawn.from) / length),
  } as CSSProperties;
}

/** A day, or hours that begin at a half hour. */
function around(middle: number, hours: number): TimeRange {
  if (hours === 24) return { kind: 'day', day: localDay(middle) };
  const half = hourMs / 2;
  const begin = middle - (hours * hourMs) / 2;
  const from = Number.isInteger(hours) ? Math.round(begin / half) * half : Math.round(begin);
  return { kind: 'between', from: exactTime(from), to: exactTime(from + Math.round(hours * hourMs)) };
}

function title(window: Window): string {
  const { from, to } = window;
  if (isWholeDay(window)) return dayName(localDay(from));
  if (to - from > 2 * dayMs) return `${dayName(localDay(from))} – ${dayName(localDay(to - 1))}`;
  const time = to - from < 10 * 60_000 ? clock : shortClock;
  const sameDay = localDay(from) === localDay(to - 1);
  const end = sameDay ? time(to) : `${dayName(localDay(to))}, ${time(to)}`;
  return `${dayName(localDay(from))}, ${time(from)} – ${end}`;
}
