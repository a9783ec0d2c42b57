import { type FocusEvent, type PointerEvent, useEffect, useRef, useState } from 'react';
import type { Playback } from '../api/entities.ts';

/** A pointer that has not moved for this long no longer counts. */
const restMs = 60_000;
/** A pointer that has left may come back within this time. */
const leftMs = 500;
const touchMs = 5_000;

/**
 * Whether the user is about to use something in an element, because the pointer or the keyboard focus is in it.
 * @returns `near`, and the handlers that the element needs
 */
export function useNear() {
  const [near, setNear] = useState(false);
  const timer = useRef<number>(undefined);
  /** The element, while the pointer is in it. */
  const within = useRef<Element>(undefined);
  const hold = (ms: number) => {
    setNear(true);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(setNear, ms, false);
  };
  const leave = ({ pointerType }: { pointerType: string }) => {
    within.current = undefined;
    hold(pointerType === 'touch' ? touchMs : leftMs);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  // If what is under the pointer is removed, the element may get no event when the pointer then leaves.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `leave` uses nothing that changes
  useEffect(() => {
    const onOver = (event: globalThis.PointerEvent) => {
      if (within.current && !within.current.contains(event.target as Node)) leave(event);
    };
    document.addEventListener('pointerover', onOver);
    return () => document.removeEventListener('pointerover', onOver);
  }, []);
  const handlers = {
    onPointerMove: ({ currentTarget }: PointerEvent) => {
      within.current = currentTarget;
      hold(restMs);
    },
    onPointerLeave: leave,
    onKeyDown: () => hold(restMs),
    onFocus: ({ target }: FocusEvent<HTMLElement>) => target.matches(':focus-visible') && hold(restMs),
    onBlur: () => near && hold(leftMs),
  };
  return { near, handlers };
}

export interface Order {
  readonly running: readonly Playback[];
  readonly finished: readonly Playback[];
  /** Playbacks that arrived while the other playbacks kept their positions. */
  readonly added: readonly Playback[];
}

/** While `held`, every playback keeps its position in the list, and new ones are added at the end. */
export function useHeldOrder(
  held: boolean,
  current: { readonly running: readonly Playback[]; readonly finished: readonly Playback[] },
  newest: ReadonlyMap<string, Playback>,
): Order {
  const before = useRef<Order>({ ...current, added: [] });
  const keep = (list: readonly Playback[]) =>
    list.map(({ id }) => newest.get(id)).filter((it) => it !== undefined);
  const order = held ? heldOrder(before.current, current.running, keep) : { ...current, added: [] };
  useEffect(() => {
    before.current = order;
  });
  return order;
}

function heldOrder(
  before: Order,
  running: readonly Playback[],
  keep: (list: readonly Playback[]) => Playback[],
): Order {
  const known = new Set([...before.running, ...before.finished, ...before.added].map(({ id }) => id));
  return {
    running: keep(before.running),
    finished: keep(before.finished),
    added: [...keep(before.added), ...running.filter(({ id }) => !known.has(id)).reverse()],
  };
}
