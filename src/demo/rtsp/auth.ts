import { digestResponse, parseChallenges } from '../../rtsp/digest.ts';
import type { RtspRequest } from './message.ts';

export type AuthScheme = 'basic' | 'digest';

export interface Credentials {
  username: string;
  password: string;
}

const ownRealm = 'camera';

/** The WWW-Authenticate header. Digest comes without qop, as most cameras send it. */
export function challenge(scheme: AuthScheme, nonce: string): string {
  return scheme === 'basic' ? `Basic realm="${ownRealm}"` : `Digest realm="${ownRealm}", nonce="${nonce}"`;
}

/** Whether the request proves a user's password with the given scheme (RFC 2617, 2 and 3.2.2). */
export function isAuthorized(
  request: RtspRequest,
  scheme: AuthScheme,
  nonce: string,
  users: Readonly<Record<string, string>>,
): boolean {
  const header = request.headers.get('authorization') ?? '';
  const [, sent = '', value = ''] = /^(\w+)\s+(.*)$/.exec(header) ?? [];
  if (sent.toLowerCase() !== scheme) return false;
  if (scheme === 'basic') return isBasicRight(value, users);
  const [digest] = parseChallenges(header);
  return digest !== undefined && isDigestRight(digest.parameters, request, nonce, users);
}

function isBasicRight(value: string, users: Readonly<Record<string, string>>): boolean {
  const decoded = Buffer.from(value, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon > 0 && passwordOf(decoded.slice(0, colon), users) === decoded.slice(colon + 1);
}

function isDigestRight(
  sent: ReadonlyMap<string, string>,
  { method, url }: RtspRequest,
  nonce: string,
  users: Readonly<Record<string, string>>,
): boolean {
  const user = sent.get('username') ?? '';
  const password = passwordOf(user, users);
  if (password === undefined || sent.get('nonce') !== nonce || sent.get('uri') !== url) return false;
  const input = { algorithm: 'MD5', user, realm: ownRealm, password, nonce, method, uri: url };
  return sent.get('response') === digestResponse({ ...input, qop: undefined, clientNonce: '' });
}

function passwordOf(username: string, users: Readonly<Record<string, string>>): string | undefined {
  return Object.hasOwn(users, username) ? users[username] : undefined;
}
