import { usePageKeys } from '../parts/page-keys.ts';

interface Actions {
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
export function usePlayerKeys(actions: Actions): void {
  usePageKeys(({ key, shiftKey, target }) => {
    if (key === ' ' && (target as HTMLElement).closest('button, a')) return undefined;
    return keys(actions)[shiftKey ? `Shift ${key}` : key];
  });
}

const keys = (actions: Actions): Readonly<Record<string, () => void>> => ({
  ' ': actions.toggle,
  k: actions.toggle,
  ',': () => actions.step(-1),
  '.': () => actions.step(1),
  'Shift ArrowLeft': () => actions.skip(-1_000),
  'Shift ArrowRight': () => actions.skip(1_000),
  j: () => actions.skip(-10_000),
  l: () => actions.skip(10_000),
  Home: () => actions.seek(0),
  End: () => actions.seek(Number.MAX_SAFE_INTEGER),
  e: actions.toEvent,
  m: actions.mute,
  f: actions.fullscreen,
});
