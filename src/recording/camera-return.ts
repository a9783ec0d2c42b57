import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const knockEveryMs = 500;
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
  readonly signal: AbortSignal;
}

/**
 * Waits between two tries of a camera. Where nobody listens at its address, it is knocked at meanwhile, and the wait is
 * over when somebody does: a knock costs next to nothing, a try of ffmpeg's up to 0.2 s of a core. Where somebody
 * listens, as at a camera that is still starting, only a try can tell whether the stream is there; when it is urgent,
 * the next one comes within a second.
 */
export async function awaitReturn({ address, atMostMs, isUrgent, signal }: ReturnOptions): Promise<void> {
  const since = performance.now();
  const isAway = address !== undefined && !(await listens(address, signal));
  for (;;) {
    const mostMs = !isAway && isUrgent() ? Math.min(urgentMs, atMostMs) : atMostMs;
    const leftMs = since + mostMs - performance.now();
    if (leftMs <= 0 || signal.aborted) return;
    await sleep(Math.min(knockEveryMs, leftMs), undefined, { signal }).catch(() => {});
    if (isAway && (await listens(address, signal))) return;
  }
}

function listens(address: string, signal: AbortSignal): Promise<boolean> {
  const { protocol, hostname, port } = new URL(address);
  const to = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || defaultPorts[protocol]! };
  return new Promise((resolve) => {
    // Not connect's own `signal`: it leaves a listener behind on one that lives longer than the socket.
    const socket = connect(to);
    const tell = (isListening: boolean) => {
      signal.removeEventListener('abort', giveUp);
      socket.destroy();
      resolve(isListening);
    };
    const giveUp = () => tell(false);
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    socket.setTimeout(knockEveryMs, giveUp);
    socket.once('connect', () => tell(true));
    socket.on('error', giveUp);
  });
}
