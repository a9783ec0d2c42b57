import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { type Role, roleNamed, roles } from '../domain/caller.ts';
import { RequestError } from '../domain/errors.ts';
import type { Log } from '../log.ts';
import { nameOfSubject } from './names.ts';

export interface TokenIssuer {
  /** Where the provider publishes its public keys. */
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
  /**
   * The claim in the token that holds the role, or a list of roles. A dot leads into an object, as in
   * `realm_access.roles`.
   */
  readonly roleClaim: string;
}

export interface VerifiedToken {
  readonly name: string;
  readonly role: Role;
  /** epoch ms */
  readonly expiresAt: number;
}

/**
 * Only signatures by key pairs are accepted. With a shared secret, everybody who can check a token could also make one.
 */
const algorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];
const clockSkewSec = 5;
/** A provider that does not answer is asked again only after this time. */
const awayMs = 2_000;

/**
 * Verifies tokens of an OpenID provider: signature, issuer, audience, lifetime, role.
 * @returns a function that resolves to undefined for an invalid token, and rejects with RequestError CAPACITY if the
 * provider's keys cannot be read now and the client should retry
 */
export function createTokenVerifier(
  from: TokenIssuer,
  { now, log }: { now: () => number; log: Log },
): (token: string) => Promise<VerifiedToken | undefined> {
  const keySet = createRemoteJWKSet(new URL(from.jwksUrl));
  let away: { until: number } | undefined;

  const verify = (token: string) =>
    jwtVerify(token, keySet, {
      issuer: from.issuer,
      audience: from.audience,
      algorithms,
      clockTolerance: clockSkewSec,
      currentDate: new Date(now()),
      requiredClaims: ['exp', 'sub'],
    });

  return async (token) => {
    if (away && performance.now() < away.until) throw providerAway();
    try {
      const { payload } = await verify(token);
      if (away) log.info({ jwksUrl: from.jwksUrl }, 'the OpenID provider answers again');
      away = undefined;
      return verified(payload, from.roleClaim);
    } catch (error) {
      if (error instanceof errors.JOSEError && !isOutage(error)) return undefined;
      // Logged once per outage, not for each request.
      if (!away) log.warn({ jwksUrl: from.jwksUrl, error }, 'the OpenID provider does not answer');
      away = { until: performance.now() + awayMs };
      throw providerAway();
    }
  };
}

const providerAway = () =>
  new RequestError(
    'CAPACITY',
    'Tokens cannot be checked: the OpenID provider does not answer. Try again in a moment.',
    {
      retryAfterMs: awayMs,
    },
  );

function verified(payload: JWTPayload, roleClaim: string): VerifiedToken | undefined {
  const { sub, exp } = payload as { sub: unknown; exp: number };
  const role = highestRole(claimOf(payload, roleClaim));
  if (!role || typeof sub !== 'string' || sub === '') return undefined;
  return { name: nameOfSubject(sub), role, expiresAt: exp * 1_000 };
}

/** Whether the provider was too slow, or answered with something else than keys. The token may be valid then. */
const isOutage = (error: errors.JOSEError) =>
  error instanceof errors.JWKSTimeout ||
  error instanceof errors.JWKSInvalid ||
  error.code === 'ERR_JOSE_GENERIC';

function claimOf(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  return name
    .split('.')
    .reduce<unknown>(
      (value, part) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, part)
          ? (value as Record<string, unknown>)[part]
          : undefined,
      payload,
    );
}

function highestRole(claim: unknown): Role | undefined {
  const claimed = (Array.isArray(claim) ? claim : [claim]).map(roleNamed);
  return roles.findLast((role) => claimed.includes(role));
}
