import type { Playback } from '../api/entities.ts';
import { span } from '../parts/format.ts';
import { Time, useNow } from '../parts/time.tsx';
import { t } from '../texts/text.ts';

/** Up to when the bucket holds the footage of a recording. Renders nothing where it holds none. */
export function Offsite({ playback }: { playback: Playback }) {
  const { recordingStatus, offsiteUntil } = playback;
  if (recordingStatus !== 'RECORDING' || !offsiteUntil) return null;
  return <SafeUpTo at={offsiteUntil} />;
}

function SafeUpTo({ at }: { at: string }) {
  const behindMs = Math.max(0, useNow() - Date.parse(at));
  return (
    <p className="quiet numbers">
      {t.rich('now.safeUpTo', {
        time: () => <Time at={at} />,
        behind: span(Math.round(behindMs / 1_000) * 1_000),
      })}
    </p>
  );
}
