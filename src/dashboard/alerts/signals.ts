import { navigate } from 'wouter/use-browser-location';
import type { Playback } from '../api/entities.ts';
import { occasion } from '../api/running.ts';
import { clock } from '../parts/format.ts';

/** The two ways of an alert: a sound, and a notice of the desktop. */

let audio: AudioContext | undefined;

/** Browsers play no sound before the user has clicked or typed something in the tab; this is called then. */
export async function allowSound(): Promise<void> {
  audio ??= new AudioContext();
  // If the browser still refuses, the next click asks again.
  await audio.resume().catch(() => {});
}

/** Two tones, or nothing as long as the browser allows no sound. */
export function ring(): void {
  if (audio?.state !== 'running') return;
  const { currentTime, destination } = audio;
  for (const [i, frequency] of [880, 660].entries()) {
    const begin = currentTime + i * 0.22;
    const tone = new OscillatorNode(audio, { frequency });
    const volume = new GainNode(audio, { gain: 0 });
    volume.gain.setValueAtTime(0.25, begin);
    volume.gain.exponentialRampToValueAtTime(0.001, begin + 0.2);
    tone.connect(volume).connect(destination);
    tone.start(begin);
    tone.stop(begin + 0.2);
  }
}

/** Whether this browser can show notices of the desktop: over HTTPS or on this machine. */
export const hasDesktopNotices = 'Notification' in window && window.isSecureContext;

/** Whether this browser can be sent push messages. Safari on iPhones has no PushManager before the page is installed. */
export const hasPush = hasDesktopNotices && 'serviceWorker' in navigator && 'PushManager' in window;

/**
 * Shows a notice; a click on it opens the playback. Several tabs show one notice together. Without permission, nothing
 * is shown.
 */
export function showOnDesktop(playback: Playback): void {
  const { id, camera, startedAt } = playback;
  if (!hasDesktopNotices) return;
  const notice = new Notification(camera.name, {
    body: `${occasion(playback)}, ${clock(startedAt)}`,
    tag: id,
    icon: '/icon.svg',
  });
  notice.onclick = () => {
    window.focus();
    navigate(`/playbacks/${id}`);
    notice.close();
  };
}
