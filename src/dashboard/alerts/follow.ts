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
  const onGesture = () => alertSettings.get().sound && void allowSound();
  for (const gesture of ['pointerdown', 'keydown']) addEventListener(gesture, onGesture);
  return () => {
    stop();
    for (const gesture of ['pointerdown', 'keydown']) removeEventListener(gesture, onGesture);
  };
}

const isNews = ({ createdAt }: Playback) => serverNow() - Date.parse(createdAt) < newsMs;

function alert(playback: Playback): void {
  const { sound, desktop } = alertSettings.get();
  if (desktop) showOnDesktop(playback);
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
