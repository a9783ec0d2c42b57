import { useEffect, useRef } from 'react';

/**
 * Keys that work with the focus anywhere on the page, except in a field, and not while a dialog is open.
 * @param actionOf what a key does; undefined: nothing of its own. It is not called for keys with Ctrl, Meta or Alt
 */
export function usePageKeys(actionOf: (event: KeyboardEvent) => (() => void) | undefined): void {
  const newest = useRef(actionOf);
  newest.current = actionOf;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
      if ((event.target as HTMLElement).closest('input:not([type=checkbox]), select, textarea')) return;
      const action = newest.current(event);
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
}
