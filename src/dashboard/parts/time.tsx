import { useEffect, useState } from 'react';
import { serverNow } from '../api/server-clock.ts';
import { clock, fullTime, length } from './format.ts';

/** A moment; the tip gives the date and the zone. */
export function Time({ at, as = clock }: { at: string; as?: (at: string) => string }) {
  return (
    <time dateTime={at} title={fullTime(at)} className="numbers">
      {as(at)}
    </time>
  );
}

/** Epoch ms on the server's clock, renewed every `everyMs`. */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), everyMs);
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
