import type { Playback } from '../api/entities.ts';
import { begun } from '../api/live.ts';
import { serverNow } from '../api/server-clock.ts';
import { allowSound, ring, showOnDesktop } from './signals.ts';
import { isWished, wishes } from './wishes.ts';

/** What happened while the connection was away is no news any more. */
const newsMs = 60_000;
/** One tab rings for all that are open. */
const turnMs = 3_000;

/** Alerts the user of the events that begin while the page is open. */
export function followAlerts(): () => void {
  const alerted = new Set<string>();
  const stop = begun.subscribe(() => {
    const playback = begun.get();
    // An event may have further playbacks.
    if (!playback?.event || alerted.has(playback.event.id) || !isNews(playback)) return;
    alerted.add(playback.event.id);
    if (isWished(wishes.get(), playback)) alert(playback);
  });
  const onGesture = () => wishes.get().sound && void allowSound();
  for (const gesture of ['pointerdown', 'keydown']) addEventListener(gesture, onGesture);
  return () => {
    stop();
    for (const gesture of ['pointerdown', 'keydown']) removeEventListener(gesture, onGesture);
  };
}

const isNews = ({ createdAt }: Playback) => serverNow() - Date.parse(createdAt) < newsMs;

function alert(playback: Playback): void {
  const { sound, desktop } = wishes.get();
  if (desktop) showOnDesktop(playback);
  if (sound) void inOneTab(`alert ${playback.id}`, ring);
}

/** Locks need HTTPS or this machine; elsewhere every tab does it. */
async function inOneTab(name: string, deed: () => void): Promise<void> {
  if (!navigator.locks) return deed();
  await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    deed();
    await new Promise((resolve) => setTimeout(resolve, turnMs));
  });
}
