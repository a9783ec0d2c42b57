import { createHash } from 'node:crypto';
import type { RtspRequest } from './message.ts';

export type AuthScheme = 'basic' | 'digest';

export interface Credentials {
  username: string;
  password: string;
}

const REALM = 'camera';

/** The WWW-Authenticate header. Digest comes without qop, as most cameras in the field send it. */
export function challenge(scheme: AuthScheme, nonce: string): string {
  return scheme === 'basic' ? `Basic realm="${REALM}"` : `Digest realm="${REALM}", nonce="${nonce}"`;
}

/** True if the request proves a user's password in the given scheme (RFC 2617, 2 and 3.2.2). */
export function isAuthorized(
  request: RtspRequest,
  scheme: AuthScheme,
  nonce: string,
  users: Readonly<Record<string, string>>,
): boolean {
  const [, sent = '', value = ''] = /^(\w+)\s+(.*)$/.exec(request.headers.get('authorization') ?? '') ?? [];
  if (sent.toLowerCase() !== scheme) return false;
  return scheme === 'basic' ? isBasicRight(value, users) : isDigestRight(value, request, nonce, users);
}

function isBasicRight(value: string, users: Readonly<Record<string, string>>): boolean {
  const decoded = Buffer.from(value, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon > 0 && passwordOf(decoded.slice(0, colon), users) === decoded.slice(colon + 1);
}

function isDigestRight(
  value: string,
  request: RtspRequest,
  nonce: string,
  users: Readonly<Record<string, string>>,
): boolean {
  const fields = new Map<string, string>();
  for (const [, name = '', quoted, bare] of value.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]*))/g)) {
    fields.set(name.toLowerCase(), quoted ?? bare ?? '');
  }
  const username = fields.get('username') ?? '';
  const password = passwordOf(username, users);
  if (password === undefined || fields.get('nonce') !== nonce || fields.get('uri') !== request.url)
    return false;
  const secret = md5(`${username}:${REALM}:${password}`);
  return fields.get('response') === md5(`${secret}:${nonce}:${md5(`${request.method}:${request.url}`)}`);
}

function passwordOf(username: string, users: Readonly<Record<string, string>>): string | undefined {
  return Object.hasOwn(users, username) ? users[username] : undefined;
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
