import { constants } from 'node:crypto';
import { isIP } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { SocketReader } from './connection.ts';
import { RtspError } from './errors.ts';

export interface TlsChoice {
  /** PINNED: the certificate with this fingerprint, or any if none is known yet. VERIFY: one for the host's name. */
  readonly mode: 'PINNED' | 'VERIFY' | 'ANY';
  /** SHA-256 of the certificate, with or without colons. */
  readonly fingerprint: string | undefined;
  /** Whether TLS 1.0, TLS 1.1 and short keys are allowed, which old firmware needs and which protect nothing. */
  readonly allowOldTls?: boolean;
}

/**
 * Opens a socket to an address, and begins the TLS handshake.
 * @param host the name for SNI, which the certificate has to name
 */
export function connectEncrypted(
  { address, port, onread }: { address: string; port: number; onread: SocketReader['onread'] },
  host: string,
  choice: TlsChoice,
): TLSSocket {
  // Node's types have `onread` only for plain sockets. TLS sockets accept it too, unless they wrap another socket.
  const options: ConnectionOptions & Pick<SocketReader, 'onread'> = {
    host: address,
    port,
    onread,
    // An IP address is no server name (RFC 6066, 3).
    ...(!isIP(host) && { servername: host }),
    // `handshake` checks the certificate, with an error message for the person who has to act.
    rejectUnauthorized: false,
    ...(choice.allowOldTls && {
      minVersion: 'TLSv1',
      ciphers: 'DEFAULT:@SECLEVEL=0',
      secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT,
    }),
  };
  return connect(options);
}

/**
 * Waits until the connection is encrypted.
 * @param signal ends the wait; its reason is thrown
 * @returns the certificate's fingerprint
 * @throws RtspError
 */
export async function handshake(socket: TLSSocket, choice: TlsChoice, signal: AbortSignal): Promise<string> {
  const giveUp = () => socket.destroy(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.on('error', (error) => reject(tlsError(error)));
      socket.once('close', () => reject(new RtspError('CLOSED')));
    });
    return checked(socket, choice);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** @returns the certificate's fingerprint. @throws RtspError if the certificate is not accepted */
function checked(socket: TLSSocket, { mode, fingerprint }: TlsChoice): string {
  const shown = socket.getPeerCertificate().fingerprint256 ?? '';
  if (mode === 'PINNED' && fingerprint && bare(fingerprint) !== bare(shown))
    throw new RtspError('TLS_CHANGED', shown);
  if (mode === 'VERIFY' && !socket.authorized) {
    const { authorizationError } = socket;
    const { code, message } = (authorizationError ?? {}) as NodeJS.ErrnoException;
    throw new RtspError('TLS_UNTRUSTED', code ?? message ?? String(authorizationError));
  }
  return shown;
}

function bare(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase();
}

function tlsError(error: NodeJS.ErrnoException): RtspError {
  if (error instanceof RtspError) return error;
  const code = error.code ?? error.message;
  if (/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|LEGACY|KEY_TOO_SMALL|CIPHER|HANDSHAKE_FAILURE/.test(code)) {
    return new RtspError('TLS_OLD');
  }
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNEXPECTED_MESSAGE|RECORD_/.test(code)) {
    return new RtspError('TLS_MISSING');
  }
  return new RtspError('TLS_FAILED', code);
}
