import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { explain } from './feed-problem.ts';

const knockEveryMs = 500;
/** A camera behind a slow link may take this long to answer. */
const knockPatienceMs = 3_000;
/** RFC 7826, 20.2. */
const defaultPorts: Readonly<Record<string, number>> = { 'rtsp:': 554, 'rtsps:': 322 };
/** With the try itself, tries that are urgent begin a second apart. */
const urgentMs = 750;

export interface ReturnOptions {
  /** The stream's, with a host that was looked up; undefined where that failed. */
  readonly address: string | undefined;
  readonly atMostMs: number;
  /** Asked again and again: somebody may begin to wait for the camera meanwhile. */
  readonly isUrgent: () => boolean;
  /** Told why, for a person, as soon as it is known that nobody listens there. */
  readonly onAway: (problem: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Waits between two tries of a camera. Where somebody listens, as at a camera that is still starting, only a try can
 * tell whether the stream is there: the next one comes after `atMostMs`, or within a second when it is urgent. Where
 * nobody does, the camera is knocked at until somebody does: a knock costs next to nothing, a try of ffmpeg's up to
 * 0.2 s of a core, and it may take ten seconds to give up.
 * @returns whether to try now; false: nobody has listened there for a while
 */
export async function awaitReturn(options: ReturnOptions): Promise<boolean> {
  const { address, atMostMs, isUrgent, onAway, signal } = options;
  const since = performance.now();
  const problem = address && (await knock(address, knockEveryMs, signal));
  if (signal.aborted) return true;
  if (problem) {
    onAway(explain(problem));
    return knockAgain(address, Math.max(atMostMs, knockPatienceMs), signal);
  }
  while (!signal.aborted) {
    const mostMs = isUrgent() ? Math.min(urgentMs, atMostMs) : atMostMs;
    const leftMs = since + mostMs - performance.now();
    if (leftMs <= 0) break;
    await sleep(Math.min(knockEveryMs, leftMs), undefined, { signal }).catch(() => {});
  }
  return true;
}

/** Twice a second, each for as long as a slow link may need. @returns whether somebody listens */
async function knockAgain(address: string, forMs: number, signal: AbortSignal): Promise<boolean> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const until = performance.now() + forMs;
  try {
    return await new Promise<boolean>((resolve) => {
      const next = async () => {
        while (!either.aborted && performance.now() < until) {
          await sleep(knockEveryMs, undefined, { signal: either }).catch(() => {});
          void knock(address, knockPatienceMs, either).then((problem) => problem || resolve(true));
        }
        resolve(false);
      };
      void next();
    });
  } finally {
    over.abort();
  }
}

/** @returns undefined where somebody listens, else what the system says of it */
function knock(address: string, patienceMs: number, signal: AbortSignal): Promise<string | undefined> {
  const { protocol, hostname, port } = new URL(address);
  const to = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || defaultPorts[protocol]! };
  return new Promise((resolve) => {
    // Not connect's own `signal`: it leaves a listener behind on one that lives longer than the socket.
    const socket = connect(to);
    const tell = (problem: string | undefined) => {
      signal.removeEventListener('abort', giveUp);
      socket.destroy();
      resolve(problem);
    };
    const giveUp = () => tell('given up');
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    socket.setTimeout(patienceMs, () => tell('Connection timed out'));
    socket.once('connect', () => tell(undefined));
    socket.on('error', ({ message }) => tell(message));
  });
}
