import { useCallback, useMemo, useRef, useState } from 'react';
import type { Playback } from '../api/entities.ts';

export interface Selection {
  /** In the order of the list. */
  readonly chosen: readonly Playback[];
  readonly ids: ReadonlySet<string>;
  /**
   * Adds a playback to the chosen ones, or removes it.
   * @param range whether all playbacks between the previously chosen one and this one are added, too
   */
  readonly toggle: (id: string, range: boolean) => void;
  readonly clear: () => void;
}

/** Which playbacks of a list are chosen. One that leaves the list is not chosen any more. */
export function useSelection(items: readonly Playback[]): Selection {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const last = useRef<string>(undefined);
  const newest = useRef(items);
  newest.current = items;
  const toggle = useCallback((id: string, range: boolean) => {
    const from = range ? last.current : undefined;
    last.current = id;
    setIds((before) => {
      const next = new Set(before);
      for (const between of from ? idsBetween(newest.current, from, id) : []) next.add(between);
      if (from) return next;
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  const clear = useCallback(() => setIds(new Set()), []);
  const chosen = useMemo(() => items.filter(({ id }) => ids.has(id)), [items, ids]);
  return { chosen, ids, toggle, clear };
}

function idsBetween(items: readonly Playback[], a: string, b: string): readonly string[] {
  const ids = items.map(({ id }) => id);
  const [from, to] = [ids.indexOf(a), ids.indexOf(b)].sort((x, y) => x - y) as [number, number];
  return from < 0 ? [b] : ids.slice(from, to + 1);
}
