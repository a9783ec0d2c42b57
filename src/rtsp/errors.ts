import { CameraError, type CameraErrorCode } from '../domain/camera-errors.ts';

/** Why a camera cannot be read, in words for the person who has to act. */

const words = {
  NAME_NOT_FOUND: (host) => `The camera’s host name ${host}.`,
  ADDRESS_FORBIDDEN: (address) =>
    `The camera’s address ${address} is not a public one, which PRIVATE_CAMERAS=false forbids.`,
  CONNECTION_REFUSED: () => 'Nothing listens at the camera’s address (connection refused).',
  UNREACHABLE: () => 'The camera cannot be reached over the network.',
  NO_ANSWER: (what) => `The camera did not answer in time (${what}).`,
  CLOSED: () => 'The camera closed the connection.',
  SESSION_LOST: () => 'The camera no longer knows the session (454 Session Not Found).',
  NOT_RTSP: () => 'What listens at the camera’s address and port does not speak RTSP.',
  HTTP: () => 'A web server answers at the camera’s port; RTSP through HTTP tunnels is not supported.',
  BROKEN: (what) => `The camera’s answer cannot be read: ${what}`,
  TLS_NEEDED: () => 'The camera expects TLS at this port: its address has to begin with rtsps://.',
  TLS_MISSING: () => 'The camera does not speak TLS at this port: its address has to begin with rtsp://.',
  TLS_OLD: () =>
    'The camera speaks only TLS 1.0 or 1.1, which is allowed only if the camera’s settings say so.',
  TLS_CHANGED: (fingerprint) =>
    `The camera’s certificate has changed (SHA-256 ${fingerprint}). If that is right, accept the new certificate.`,
  TLS_UNTRUSTED: (why) => `The camera’s certificate is not trusted (${why}).`,
  TLS_FAILED: (why) => `The encrypted connection to the camera failed (${why}).`,
  CREDENTIALS_MISSING: () =>
    'The camera asks for a user name and a password, and its address has none (401 Unauthorized).',
  CREDENTIALS_REFUSED: () => 'The camera refused the user name or the password (401 Unauthorized).',
  CREDENTIALS_UNKNOWN: (scheme) =>
    `The camera asks for a kind of password check that is not supported (${scheme}).`,
  ACCESS_REFUSED: () => 'The camera refused access (403 Forbidden).',
  NOT_FOUND: () => 'The camera knows no stream at this path (404 Not Found).',
  SESSIONS_FULL: () => 'The camera allows no further session (453 Not Enough Bandwidth).',
  TRANSPORT_REFUSED: (what) => `The camera does not send over ${what} (461 Unsupported Transport).`,
  ENCRYPTED: () => 'The camera sends encrypted media (SRTP), which Flashback does not read itself.',
  REFUSED: (what) => `The camera refused ${what}.`,
  FAULTY: (what) => `The camera failed at ${what}.`,
  NO_TRACKS: () => 'The camera offers no picture and no sound.',
  REDIRECTS: () => 'The camera redirected more than three times.',
  REDIRECT_WRONG: (why) => `The camera redirected to an address that is not followed: ${why}`,
  ABANDONED: () => 'Flashback gave up the connection to the camera.',
} satisfies Record<string, (detail: string) => string>;

export type RtspErrorKind = keyof typeof words;

const codes: Readonly<Record<RtspErrorKind, CameraErrorCode>> = {
  NAME_NOT_FOUND: 'NAME_NOT_FOUND',
  ADDRESS_FORBIDDEN: 'ADDRESS_FORBIDDEN',
  CONNECTION_REFUSED: 'UNREACHABLE',
  UNREACHABLE: 'UNREACHABLE',
  NO_ANSWER: 'NO_ANSWER',
  CLOSED: 'CONNECTION_LOST',
  SESSION_LOST: 'CONNECTION_LOST',
  NOT_RTSP: 'NOT_RTSP',
  HTTP: 'NOT_RTSP',
  BROKEN: 'NOT_RTSP',
  TLS_NEEDED: 'TLS',
  TLS_MISSING: 'TLS',
  TLS_OLD: 'TLS',
  TLS_CHANGED: 'TLS',
  TLS_UNTRUSTED: 'TLS',
  TLS_FAILED: 'TLS',
  CREDENTIALS_MISSING: 'CREDENTIALS',
  CREDENTIALS_REFUSED: 'CREDENTIALS',
  CREDENTIALS_UNKNOWN: 'NOT_SUPPORTED',
  ACCESS_REFUSED: 'ACCESS_REFUSED',
  NOT_FOUND: 'STREAM_NOT_FOUND',
  SESSIONS_FULL: 'BUSY',
  TRANSPORT_REFUSED: 'REFUSED',
  ENCRYPTED: 'NOT_SUPPORTED',
  REFUSED: 'REFUSED',
  FAULTY: 'REFUSED',
  NO_TRACKS: 'NO_PICTURE',
  REDIRECTS: 'REFUSED',
  REDIRECT_WRONG: 'REFUSED',
  ABANDONED: 'CONNECTION_LOST',
};

export const rtspErrorKinds = Object.keys(words) as readonly RtspErrorKind[];

export class RtspError extends CameraError {
  readonly kind: RtspErrorKind;

  /** @param detail what the message names, for example a status; it may come from the camera */
  constructor(kind: RtspErrorKind, detail = '') {
    super(codes[kind], words[kind](printable(detail)));
    this.name = 'RtspError';
    this.kind = kind;
  }

  /** Whether another try may lock the account: cameras lock accounts after a few wrong passwords. */
  get refusesCredentials(): boolean {
    return ['CREDENTIALS_MISSING', 'CREDENTIALS_REFUSED', 'ACCESS_REFUSED'].includes(this.kind);
  }
}

function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, 200);
}
