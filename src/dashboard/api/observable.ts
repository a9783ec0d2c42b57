import { startTransition, useEffect, useState, useSyncExternalStore } from 'react';

/** A value outside React whose changes components follow. */
export interface Observable<T> {
  get(): T;
  set(value: T): void;
  subscribe(listener: () => void): () => void;
}

export function observable<T>(initial: T): Observable<T> {
  let current = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => current,
    set(value) {
      if (Object.is(value, current)) return;
      current = value;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export const useObservable = <T>({ subscribe, get }: Observable<T>): T =>
  useSyncExternalStore(subscribe, get);

/**
 * For views that take long to render: React renders a change once and in small portions, so that scrolling and typing stay
 * smooth.
 */
export function useCalmly<T>({ subscribe, get }: Observable<T>): T {
  const [value, setValue] = useState(get);
  useEffect(() => {
    const take = () => startTransition(() => setValue(get));
    // It may have changed since the first rendering.
    take();
    return subscribe(take);
  }, [subscribe, get]);
  return value;
}
