import type { Caller } from '../domain/caller.ts';
import { RequestError } from '../domain/errors.ts';
import type { Log } from '../log.ts';
import { holderOfToken, localHolder, stillHolds } from './holders.ts';
import type { Keys } from './keys.ts';
import { localName } from './names.ts';
import { hashOf } from './secret.ts';
import type { VerifiedToken } from './tokens.ts';

/** An authenticated caller. */
export interface Session {
  readonly caller: Caller;
  /** Whether the key or token is still valid. Checked regularly while a connection stays open. */
  readonly isValid: () => boolean;
}

export interface Access {
  /** Whether requests need no key: no key was ever made, and only this machine can reach the server. */
  readonly open: boolean;
  /**
   * Authenticates the value of an `Authorization` header.
   * @throws RequestError UNAUTHENTICATED; CAPACITY if tokens cannot be checked now and the client should retry
   */
  authenticate(authorization: string | undefined): Promise<Session>;
  /** Whether the holder of a link is still valid (holders.ts). */
  holds(holder: string): boolean;
  /**
   * A caller from earlier, with what it may do now; undefined if its key or token is not valid any more. What a token's
   * caller may do stays as it was, because nobody presents the token.
   */
  callerOf(earlier: Pick<Caller, 'name' | 'holder' | 'role'>): Caller | undefined;
}

/** While there are no keys, every caller on this machine is an administrator. */
const local: Caller = { name: localName, holder: localHolder, role: 'ADMIN', cameraIds: undefined };

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

/** @throws Error if there are no keys and other machines can reach the server */
export function createAccess(options: {
  keys: Keys;
  verifyToken: ((token: string) => Promise<VerifiedToken | undefined>) | undefined;
  host: string;
  now: () => number;
  log: Log;
}): Access {
  const { keys, verifyToken, host, now, log } = options;
  const isOpen = () => !keys.everMade && verifyToken === undefined;
  if (isOpen()) {
    if (!loopback.has(host)) {
      throw new Error(
        `HOST is "${host}", which other machines can reach, and there are no API keys. Set API_KEYS, or make a ` +
          'key with `npm run key -- create NAME ROLE`, or listen on 127.0.0.1.',
      );
    }
    log.warn(
      { host },
      'there are no API keys: whoever can reach this server on this machine may do everything',
    );
  }

  const holds = (holder: string) =>
    stillHolds(holder, {
      isOpen: isOpen(),
      hasKey: (id) => keys.has(id),
      takesTokens: verifyToken !== undefined,
      at: now(),
    });
  const sessionOf = (caller: Caller): Session => ({ caller, isValid: () => holds(caller.holder) });

  async function authenticate(authorization: string | undefined): Promise<Session> {
    if (isOpen()) return sessionOf(local);
    const credential = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (!credential) {
      throw unauthenticated('This needs an API key: send it as "Authorization: Bearer <key>".');
    }
    const session = byKey(credential) ?? (await byToken(credential));
    if (!session) throw unauthenticated('This API key or token is unknown, revoked or expired.');
    return session;
  }

  function byKey(secret: string): Session | undefined {
    const hash = hashOf(secret);
    const caller = keys.find(hash);
    if (!caller) return undefined;
    keys.noteUse(hash);
    return sessionOf(caller);
  }

  async function byToken(token: string): Promise<Session | undefined> {
    // A JWT has three parts. Anything else is a wrong key, and the provider is not asked.
    if (!verifyToken || token.split('.').length !== 3) return undefined;
    const verified = await verifyToken(token);
    if (!verified) return undefined;
    const { name, role, expiresAt } = verified;
    return sessionOf({ name, holder: holderOfToken(expiresAt), role, cameraIds: undefined });
  }

  return {
    get open() {
      return isOpen();
    },
    authenticate,
    holds,
    callerOf: ({ name, holder, role }) =>
      holds(holder) ? (keys.callerOf(holder) ?? { name, holder, role, cameraIds: undefined }) : undefined,
  };
}

const unauthenticated = (message: string) => new RequestError('UNAUTHENTICATED', message);
