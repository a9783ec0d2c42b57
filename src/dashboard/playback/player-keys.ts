import { usePageKeys } from '../parts/page-keys.ts';

interface Deeds {
  readonly toggle: () => void;
  readonly step: (way: 1 | -1) => void;
  readonly skip: (ms: number) => void;
  readonly seek: (ms: number) => void;
  readonly mute: () => void;
  readonly fullscreen: () => void;
  readonly toEvent: () => void;
}

/**
 * The usual keys of players. They work with the focus anywhere on the page, except on an element that uses them itself.
 */
export function usePlayerKeys(deeds: Deeds): void {
  usePageKeys(({ key, shiftKey, target }) => {
    if (key === ' ' && (target as HTMLElement).closest('button, a')) return undefined;
    return keys(deeds)[shiftKey ? `Shift ${key}` : key];
  });
}

const keys = (deeds: Deeds): Readonly<Record<string, () => void>> => ({
  ' ': deeds.toggle,
  k: deeds.toggle,
  ',': () => deeds.step(-1),
  '.': () => deeds.step(1),
  'Shift ArrowLeft': () => deeds.skip(-1_000),
  'Shift ArrowRight': () => deeds.skip(1_000),
  j: () => deeds.skip(-10_000),
  l: () => deeds.skip(10_000),
  Home: () => deeds.seek(0),
  End: () => deeds.seek(Number.MAX_SAFE_INTEGER),
  e: deeds.toEvent,
  m: deeds.mute,
  f: deeds.fullscreen,
});
