import { type KeyboardEvent, useEffect } from 'react';
import type { Playback } from '../api/entities.ts';
import { toggleReviewed } from '../playback/review.tsx';
import { PlaybackGrid } from './grid.tsx';
import { rememberList } from './last-list.ts';
import { useSelection } from './selection.ts';
import { SelectionBar } from './selection-bar.tsx';

/** The list of playbacks. The user can choose some of them, and do something with all that are chosen. */
export function SelectableGrid({ items, onEnd }: { items: readonly Playback[]; onEnd?: () => void }) {
  const selection = useSelection(items);
  const { chosen } = selection;
  useEffect(() => rememberList(items), [items]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const id = (event.target as HTMLElement).closest<HTMLElement>('[data-playback]')?.dataset['playback'];
    if (event.key.toLowerCase() === 'x' && id) selection.toggle(id, event.shiftKey);
    const meant = chosen.length > 0 ? chosen : items.filter((it) => it.id === id);
    if (event.key === 'r' && meant.length > 0) void toggleReviewed(meant);
    if (event.key === 'Escape') selection.clear();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the cards within, which have check boxes too
    <div onKeyDown={onKeyDown}>
      <PlaybackGrid
        items={items}
        selected={selection.ids}
        onSelect={selection.toggle}
        {...(onEnd && { onEnd })}
      />
      {chosen.length > 0 && <SelectionBar {...selection} />}
    </div>
  );
}
