import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { memo, useDeferredValue, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { Playback } from '../api/entities.ts';
import { dayName, dayStart, localDay } from '../parts/format.ts';
import { t } from '../texts/text.ts';
import { PlaybackCard } from './card.tsx';
import css from './grid.module.css';

const gap = 16;
/** The height of the name and the details below a picture. */
const wordsHeight = 46;
const headingHeight = 40;
/** The number of rows beyond the visible ones that are rendered too, after the visible ones. */
const overscan = 3;

type Row =
  | { readonly key: string; readonly day: string }
  | { readonly key: string; readonly cards: readonly Playback[] };

/** Cards grouped by day. Only visible cards are in the document, however long the list is. */
export const PlaybackGrid = memo(function PlaybackGrid({
  items,
  selected,
  onSelect,
  onEnd,
}: {
  items: readonly Playback[];
  /** The ids of the chosen playbacks. */
  selected: ReadonlySet<string>;
  /** @param range whether all cards between the previously chosen one and this one are chosen, too */
  onSelect: (id: string, range: boolean) => void;
  /** Called when the last cards are about to become visible. */
  onEnd?: () => void;
}) {
  const ref = useRef<HTMLDivElement>(null);
  const { width, top } = useExtent(ref);
  const columns = Math.max(1, Math.floor((width + gap) / ((width < 560 ? 150 : 216) + gap)));
  const rows = useMemo(() => rowsOf(items, columns), [items, columns]);
  const cardHeight = (((width - gap * (columns - 1)) / columns) * 9) / 16 + wordsHeight;
  const virtual = useWindowVirtualizer({
    count: width > 0 ? rows.length : 0,
    estimateSize: (i) => (rows[i] && 'day' in rows[i] ? headingHeight : cardHeight + gap),
    getItemKey: (i) => rows[i]?.key ?? i,
    overscan: useDeferredValue(overscan, 0),
    useFlushSync: false,
    scrollMargin: top,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the sizes depend on these
  useLayoutEffect(() => virtual.measure(), [columns, cardHeight, rows]);
  const shown = virtual.getVirtualItems();
  const lastShown = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rows.length > 0 && lastShown >= rows.length - 6) onEnd?.();
  }, [lastShown, rows.length, onEnd]);

  return (
    <section
      ref={ref}
      aria-label={t('playbacks.title')}
      className={css.grid}
      style={{ height: virtual.getTotalSize() }}
    >
      {shown.map(({ index, start, key }) => {
        const row = rows[index] as Row;
        const style = { transform: `translateY(${start - top}px)` };
        if ('day' in row) {
          return (
            <h2 key={key} className={css.day} style={style}>
              {dayName(row.day)}
            </h2>
          );
        }
        const rowStyle = { ...style, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` };
        return (
          <div key={key} className={css.row} style={rowStyle}>
            {row.cards.map((playback) => (
              <PlaybackCard
                key={playback.id}
                playback={playback}
                selected={selected.has(playback.id)}
                onSelect={onSelect}
              />
            ))}
          </div>
        );
      })}
    </section>
  );
});

function rowsOf(items: readonly Playback[], columns: number): readonly Row[] {
  const rows: Row[] = [];
  let cards: Playback[] = [];
  const finish = () => {
    if (cards[0]) rows.push({ key: cards[0].id, cards });
    cards = [];
  };
  // The list is newest first, so a day goes on until an item is older than its midnight. Computing the day of each item
  // would take long.
  let midnight = '';
  for (const playback of items) {
    const isNewDay = midnight === '' || playback.startedAt < midnight;
    if (isNewDay || cards.length === columns) finish();
    if (isNewDay) {
      const day = localDay(playback.startedAt);
      midnight = dayStart(day).toISOString();
      rows.push({ key: day, day });
    }
    cards.push(playback);
  }
  finish();
  return rows;
}

/** The width of the list, and its distance from the top of the document. */
function useExtent(ref: React.RefObject<HTMLElement | null>) {
  const [extent, setExtent] = useState({ width: 0, top: 0 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => {
      const { width, top } = element.getBoundingClientRect();
      const next = { width, top: Math.round(top + window.scrollY) };
      setExtent((before) => (before.width === next.width && before.top === next.top ? before : next));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    observer.observe(document.body);
    measure();
    return () => observer.disconnect();
  }, [ref]);
  return extent;
}
