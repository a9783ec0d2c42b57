import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const knockEveryMs = 500;
/** RFC 7826, 20.2. */
const defaultPorts: Readonly<Record<string, number>> = { 'rtsp:': 554, 'rtsps:': 322 };

/**
 * Waits between two tries of a camera. Where nobody listens at its address, it is knocked at meanwhile, and the wait is
 * over when somebody does: a try of ffmpeg's costs 0.2 s of a core, so that tries have to be seconds apart, a knock
 * costs next to nothing.
 * @param address the stream's, with a host that was looked up; undefined where that failed
 */
export async function awaitReturn(
  address: string | undefined,
  atMostMs: number,
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + atMostMs;
  const isAway = address !== undefined && !(await listens(address, signal));
  for (let left = atMostMs; left > 0 && !signal.aborted; left = until - performance.now()) {
    await sleep(isAway ? Math.min(knockEveryMs, left) : left, undefined, { signal }).catch(() => {});
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
