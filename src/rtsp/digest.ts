import { createHash } from 'node:crypto';

/** Basic and Digest authentication (RFC 7617, RFC 7616): the part that client and server share. */

export interface Challenge {
  /** In lower case: `basic`, `digest`. */
  readonly scheme: string;
  /** Names in lower case, values without quotes. */
  readonly parameters: ReadonlyMap<string, string>;
}

const piece = /([!#$%&'*+.^_`|~\w-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s,"]*))|(?=\s|,|$))/g;

/** The challenges of a WWW-Authenticate header, or the one credential of an Authorization header. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  for (const [all, name = '', quoted, bare] of header.matchAll(piece)) {
    if (!all.includes('=')) challenges.push({ scheme: name.toLowerCase(), parameters: new Map() });
    else challenges.at(-1)?.parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '');
  }
  return challenges;
}

export interface DigestInput {
  /** `MD5`, `SHA-256`, or one of them with `-sess`, in any case. */
  readonly algorithm: string;
  readonly user: string;
  readonly realm: string;
  readonly password: string;
  readonly nonce: string;
  readonly method: string;
  readonly uri: string;
  /** Undefined if the server wants no qop (RFC 2069). */
  readonly qop: { readonly count: string; readonly clientNonce: string } | undefined;
  /** For the -sess algorithms, also without qop. */
  readonly clientNonce: string;
}

/** The `response` of Digest (RFC 7616, 3.4.1), or undefined if the algorithm is unknown. */
export function digestResponse(input: DigestInput): string | undefined {
  const [, base, session] = /^(md5|sha-256)(-sess)?$/i.exec(input.algorithm) ?? [];
  if (base === undefined) return undefined;
  const name = base.toLowerCase() === 'md5' ? 'md5' : 'sha256';
  const hash = (...parts: string[]) => createHash(name).update(parts.join(':')).digest('hex');
  const { user, realm, password, nonce, qop, clientNonce } = input;
  const plain = hash(user, realm, password);
  const secret = session ? hash(plain, nonce, clientNonce) : plain;
  const request = hash(input.method, input.uri);
  return qop
    ? hash(secret, nonce, qop.count, qop.clientNonce, 'auth', request)
    : hash(secret, nonce, request);
}
