import { useEffect, useState } from 'react';
import { serverNow } from '../api/server-clock.ts';
import { clock, fullTime, length } from './format.ts';

/** A time. The tooltip shows the date and the zone. */
export function Time({ at, as = clock }: { at: string; as?: (at: string) => string }) {
  return (
    <time dateTime={at} title={fullTime(at)} className="numbers">
      {as(at)}
    </time>
  );
}

/** Epoch ms on the server's clock, updated every `everyMs`. */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** The time that has passed since then, updated as it passes. */
export function Elapsed({ since }: { since: string }) {
  const now = useNow(500);
  return (
    <span className="numbers" role="timer">
      {length(now - Date.parse(since))}
    </span>
  );
}
