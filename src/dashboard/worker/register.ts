/** How often a page that stays open looks for a new release of the shell. */
const updateEveryMs = 3_600_000;
/** The files of the shell are loaded after what the page needs itself. */
const laterMs = 4_000;

/** Lets the service worker keep the shell. Browsers have service workers only over https and on this machine. */
export function registerWorker(): void {
  if (!('serviceWorker' in navigator) || import.meta.env.DEV) return;
  setTimeout(async () => {
    try {
      const registration = await navigator.serviceWorker.register('/service-worker.js');
      setInterval(() => void registration.update().catch(ignore), updateEveryMs);
    } catch (error) {
      // The dashboard works without it, but not without a connection.
      console.warn('The service worker could not be registered.', error);
    }
  }, laterMs);
}

/** Without a connection there is no update. */
const ignore = () => {};
