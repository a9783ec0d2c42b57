import { navigate } from 'wouter/use-browser-location';
import type { Playback } from '../api/entities.ts';
import { begun } from '../api/live.ts';
import { serverNow } from '../api/server-clock.ts';
import { alertSettings, isChosen } from './settings.ts';
import { allowSound, ring, showOnDesktop } from './signals.ts';

/** A recording that began longer ago than this gives no alert: it was pushed late, because the connection was away. */
const newsMs = 60_000;
/** The tab that rings holds a lock for this long, so that the other open tabs do not ring as well. */
const turnMs = 3_000;

/** Alerts the user of the events that begin while the page is open. */
export function followAlerts(): () => void {
  const alerted = new Set<string>();
  const stop = begun.subscribe(() => {
    const playback = begun.get();
    // One alert for each event: it may have further playbacks.
    if (!playback?.event || alerted.has(playback.event.id) || !isNews(playback)) return;
    alerted.add(playback.event.id);
    if (isChosen(alertSettings.get(), playback)) alert(playback);
  });
  if (alertSettings.get().push) renewPush();
  const onNotice = ({ data }: MessageEvent<{ open?: string }>) => data.open && navigate(data.open);
  navigator.serviceWorker?.addEventListener('message', onNotice);
  const onGesture = () => alertSettings.get().sound && void allowSound();
  for (const gesture of ['pointerdown', 'keydown']) addEventListener(gesture, onGesture);
  return () => {
    stop();
    navigator.serviceWorker?.removeEventListener('message', onNotice);
    for (const gesture of ['pointerdown', 'keydown']) removeEventListener(gesture, onGesture);
  };
}

/** Its key or token may be another one by now, or the language. */
function renewPush(): void {
  import('./push.ts')
    .then(({ savePush }) => savePush())
    .catch((error) => console.warn('Push messages could not be renewed.', error));
}

const isNews = ({ createdAt }: Playback) => serverNow() - Date.parse(createdAt) < newsMs;

function alert(playback: Playback): void {
  const { sound, desktop, push } = alertSettings.get();
  // A push message shows the same notice.
  if (desktop && !push) showOnDesktop(playback);
  if (sound) void inOneTab(`alert ${playback.id}`, ring);
}

/**
 * Runs `action` in only one of the open tabs. Locks need HTTPS or an address of this machine; elsewhere every tab runs it.
 */
async function inOneTab(name: string, action: () => void): Promise<void> {
  if (!navigator.locks) return action();
  await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    action();
    await new Promise((resolve) => setTimeout(resolve, turnMs));
  });
}
