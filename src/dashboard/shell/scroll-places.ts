/** Where each entry of the browser's history was scrolled to; going back leads there again. */

const stored = 'flashback.scroll';
/** What is listed may have to be asked for first. */
const patienceMs = 3_000;

const places = new Map<string, number>(JSON.parse(sessionStorage.getItem(stored) ?? '[]'));
let entry = '';
let view = '';
let stopRestoring = () => {};

/** Begins to follow the history. @returns stops it */
export function followHistory(): () => void {
  history.scrollRestoration = 'manual';
  enter();
  const leave = new AbortController();
  const options = { signal: leave.signal, passive: true };
  window.addEventListener('popstate', enter, options);
  // wouter tells of each of its own navigations by an event of this name.
  window.addEventListener('pushState', arrive, options);
  window.addEventListener('scroll', () => places.set(entry, window.scrollY), options);
  for (const name of ['wheel', 'touchstart', 'keydown', 'pointerdown'])
    window.addEventListener(name, () => stopRestoring(), options);
  const keep = () => sessionStorage.setItem(stored, JSON.stringify([...places].slice(-100)));
  window.addEventListener('pagehide', keep, options);
  return () => leave.abort();
}

/** The settings of a camera lie over the wall: opening them is no other view. */
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
  restore(places.get(entry) ?? 0);
}

function mark(): void {
  const state = history.state as { entry?: string } | null;
  entry = state?.entry ?? String(performance.timeOrigin + performance.now());
  view = viewOf(location.pathname);
  if (!state?.entry) history.replaceState({ ...state, entry }, '');
}

/** As soon as the page is long enough. Scrolling by hand is stronger. */
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
