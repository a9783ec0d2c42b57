import { useEffect, useRef } from 'react';

/**
 * Keys that work with the focus anywhere on the page, except in a field, and not while a dialog is open.
 * @param deedOf what a key does; undefined: nothing of its own. It is not called for keys with Ctrl, Meta or Alt
 */
export function usePageKeys(deedOf: (event: KeyboardEvent) => (() => void) | undefined): void {
  const newest = useRef(deedOf);
  newest.current = deedOf;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
      if ((event.target as HTMLElement).closest('input:not([type=checkbox]), select, textarea')) return;
      const deed = newest.current(event);
      if (!deed) return;
      event.preventDefault();
      deed();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
}
