import type { Camera } from '../api/entities.ts';
import { clock, codecName, localDay, resolutionName, shortClock } from '../parts/format.ts';

const stateNames: Readonly<Record<Camera['state'], string>> = {
  LIVE: 'Live',
  CONNECTING: 'Connecting…',
  OFFLINE: 'Offline',
  IDLE: 'Connects on events',
  DISABLED: 'Switched off',
};

/** The camera's state in words. If the camera is offline, also since when. */
export function stateWords({ state, stateSince }: Camera): string {
  if (state !== 'OFFLINE') return stateNames[state];
  const today = localDay(stateSince) === localDay(Date.now());
  return `Offline since ${today ? clock(stateSince) : `${localDay(stateSince)} ${shortClock(stateSince)}`}`;
}

/** Like "1920 × 1080 · H.264 · AAC"; empty if nothing is known yet. */
export function streamWords({
  resolution,
  codec,
  audioCodec,
}: Pick<Camera, 'resolution' | 'codec' | 'audioCodec'>): string {
  return [
    resolution && resolutionName(resolution),
    codec && codecName(codec),
    audioCodec && codecName(audioCodec),
  ]
    .filter(Boolean)
    .join(' · ');
}
