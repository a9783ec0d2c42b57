import type { Camera } from '../api/entities.ts';
import { clock, codecName, localDay, resolutionName, shortClock } from '../parts/format.ts';
import { t } from '../texts/text.ts';

/** The camera's state in words. If the camera is offline, also since when. */
export function stateWords({ state, stateSince }: Camera): string {
  if (state !== 'OFFLINE') return t(`names.cameraState.${state}`);
  const today = localDay(stateSince) === localDay(Date.now());
  const time = today ? clock(stateSince) : `${localDay(stateSince)} ${shortClock(stateSince)}`;
  return t('cameras.offlineSince', { time });
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
