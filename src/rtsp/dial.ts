import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { type OpenSocket, SocketReader, socketError } from './connection.ts';
import { RtspError } from './errors.ts';

export interface DialOptions {
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
}

/** Connects to a camera. @throws RtspError */
export async function dial({ host, port, signal }: DialOptions): Promise<OpenSocket> {
  const found = await lookup(host).catch(() => {
    throw new RtspError('NAME_NOT_FOUND', host);
  });
  const reader = new SocketReader();
  const socket = connect({ host: found.address, port, onread: reader.onread, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    const giveUp = () => socket.destroy(Object.assign(new Error(), { code: 'ABORTED' }));
    signal.addEventListener('abort', giveUp, { once: true });
    socket.once('connect', resolve);
    socket.once('error', (error) => reject(signal.aborted ? new RtspError('ABANDONED') : socketError(error)));
    socket.once('close', () => signal.removeEventListener('abort', giveUp));
  });
  return { socket, reader, address: found.address, tlsFingerprint: undefined };
}
