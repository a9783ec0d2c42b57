import { useEffect, useState } from 'react';
import { clock, fullTime, length } from './format.ts';

/** A moment; the tip gives the date and the zone. */
export function Time({ at, as = clock }: { at: string; as?: (at: string) => string }) {
  return (
    <time dateTime={at} title={fullTime(at)} className="numbers">
      {as(at)}
    </time>
  );
}

/** Epoch ms, anew at each full second of `from` (or at each second). */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** How long it has been since then, running. */
export function Elapsed({ since }: { since: string }) {
  const now = useNow(500);
  return (
    <span className="numbers" role="timer">
      {length(now - Date.parse(since))}
    </span>
  );
}
