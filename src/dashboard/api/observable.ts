import { useDeferredValue, useSyncExternalStore } from 'react';

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

/** For views that take long to render: React renders a change in small portions, so that scrolling stays smooth. */
export const useCalmly = <T>(it: Observable<T>): T => useDeferredValue(useObservable(it));
