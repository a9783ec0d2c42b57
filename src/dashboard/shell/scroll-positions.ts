/** The scroll position of each entry of the browser's history. Going back restores it. */

const stored = 'flashback.scroll';
/** How long to wait until the list is loaded. */
const patienceMs = 3_000;

const positions = new Map<string, number>(JSON.parse(sessionStorage.getItem(stored) ?? '[]'));
let entry = '';
let view = '';
let stopRestoring = () => {};

/** Begins to follow the history. @returns a function that stops it */
export function followHistory(): () => void {
  history.scrollRestoration = 'manual';
  enter();
  const leave = new AbortController();
  const options = { signal: leave.signal, passive: true };
  window.addEventListener('popstate', enter, options);
  // wouter dispatches an event of this name for each of its own navigations.
  window.addEventListener('pushState', arrive, options);
  window.addEventListener('scroll', note, options);
  for (const name of ['wheel', 'touchstart', 'keydown', 'pointerdown'])
    window.addEventListener(name, () => stopRestoring(), options);
  const keep = () => sessionStorage.setItem(stored, JSON.stringify([...positions]));
  window.addEventListener('pagehide', keep, options);
  return () => leave.abort();
}

/** The number of history entries whose positions are remembered. */
const mostEntries = 100;

function note(): void {
  positions.delete(entry);
  positions.set(entry, window.scrollY);
  const [oldest] = positions.keys();
  if (positions.size > mostEntries && oldest !== undefined) positions.delete(oldest);
}

/** Two addresses of cameras are one view, because a camera's settings open above the wall of cameras. */
const viewOf = (pathname: string) => (pathname.startsWith('/cameras') ? '/cameras' : pathname);

function arrive(): void {
  stopRestoring();
  const before = view;
  mark();
  if (view !== before) window.scrollTo(0, 0);
}

function enter(): void {
  stopRestoring();
  mark();
  restore(positions.get(entry) ?? 0);
}

function mark(): void {
  const state = history.state as { entry?: string } | null;
  entry = state?.entry ?? String(performance.timeOrigin + performance.now());
  view = viewOf(location.pathname);
  if (!state?.entry) history.replaceState({ ...state, entry }, '');
}

/** Scrolls as soon as the page is long enough, unless the user scrolls first. */
function restore(top: number): void {
  const root = document.documentElement;
  const reach = () => {
    if (root.scrollHeight - window.innerHeight < top) return;
    stopRestoring();
    window.scrollTo(0, top);
  };
  const observer = new ResizeObserver(reach);
  const timer = setTimeout(() => stopRestoring(), patienceMs);
  stopRestoring = () => {
    observer.disconnect();
    clearTimeout(timer);
    stopRestoring = () => {};
  };
  observer.observe(root);
}
