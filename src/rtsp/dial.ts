import { connect, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { isPublicAddress } from '../domain/public-address.ts';
import { type OpenSocket, SocketReader, socketError } from './connection.ts';
import { RtspError } from './errors.ts';
import { addressesOf, type Lookup } from './names.ts';
import { connectEncrypted, handshake, type TlsChoice } from './tls.ts';

export interface DialOptions {
  readonly host: string;
  readonly port: number;
  /** Undefined: not encrypted. */
  readonly tls: TlsChoice | undefined;
  /** Whether the address may be one of this machine or of a private network. */
  readonly privateCameras: boolean;
  /** Default: the system's resolver. */
  readonly lookup?: Lookup | undefined;
  readonly signal: AbortSignal;
}

/** How long one address is tried before the next one is tried as well (RFC 8305, 5). */
const headStartMs = 250;
/** The time for all addresses and the TLS handshake together. */
const timeoutMs = 8000;

/**
 * Connects to that address of a camera that answers first. Addresses are checked after the look-up, and the checked
 * ones are used: so the name cannot be given another address in between.
 * @throws RtspError
 */
export async function dial(options: DialOptions): Promise<OpenSocket> {
  const { host, privateCameras, tls, lookup } = options;
  const found = await addressesOf(host, lookup);
  const addresses = privateCameras ? found : found.filter(isPublicAddress);
  if (addresses.length === 0) throw new RtspError('ADDRESS_FORBIDDEN', found[0]);
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new RtspError('NO_ANSWER', 'connect')), timeoutMs);
  const giveUp = () => limit.abort(new RtspError('ABANDONED'));
  options.signal.addEventListener('abort', giveUp);
  if (options.signal.aborted) giveUp();
  try {
    const open = await race(addresses, limit.signal, (address, { onread }) => {
      const target = { address, port: options.port, onread };
      return tls ? connectEncrypted(target, host, tls) : connect({ ...target, host: address });
    });
    const { socket } = open;
    const isEncrypted = tls !== undefined && socket instanceof TLSSocket;
    return isEncrypted ? { ...open, tlsFingerprint: await handshake(socket, tls, limit.signal) } : open;
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', giveUp);
  }
}

/** The first connection that is established; the others are closed. @throws the signal's reason, or RtspError */
export function race(
  addresses: readonly string[],
  signal: AbortSignal,
  connectTo: (address: string, reader: SocketReader) => Socket,
): Promise<OpenSocket> {
  return new Promise((resolve, reject) => {
    const sockets = new Set<Socket>();
    let next = 0;
    let timer: NodeJS.Timeout | undefined;
    let worst: RtspError | undefined;

    const end = (winner?: Socket) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      for (const socket of sockets) if (socket !== winner) socket.destroy();
    };
    const giveUp = () => {
      end();
      reject(signal.reason);
    };
    const start = () => {
      clearTimeout(timer);
      const address = addresses[next++];
      if (address === undefined) return;
      if (next < addresses.length) timer = setTimeout(start, headStartMs);
      const reader = new SocketReader();
      const socket = connectTo(address, reader);
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.once('connect', () => {
        end(socket);
        socket.removeListener('error', onError);
        socket.setKeepAlive(true, 10_000);
        resolve({ socket, reader, address, tlsFingerprint: undefined });
      });
      const onError = (error: NodeJS.ErrnoException) => {
        sockets.delete(socket);
        // Of several errors, one other than UNREACHABLE is reported: a refused connection says more than an address
        // that cannot be reached.
        const problem = socketError(error);
        if (worst === undefined || worst.kind === 'UNREACHABLE') worst = problem;
        if (next < addresses.length) start();
        else if (sockets.size === 0) {
          end();
          reject(worst);
        }
      };
      socket.on('error', onError);
    };

    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    start();
  });
}
