import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { type Caller, type Role, roles } from '../domain/caller.ts';

export interface TokenIssuer {
  /** Where the provider publishes its keys. */
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
  /** The claim that holds the role (or several); dots lead into objects, as in `realm_access.roles`. */
  readonly roleClaim: string;
}

export interface VerifiedToken {
  readonly caller: Caller;
  /** epoch ms */
  readonly expiresAt: number;
}

/** Signatures by key pairs only: with a shared secret, whoever can check a token could also make one. */
const algorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];
const clockSkewSec = 5;

/**
 * Checks tokens of an OpenID provider: signature, issuer, audience, lifetime, role.
 * @returns a function that resolves to undefined for a token that does not hold, and rejects where the provider
 * cannot be asked for its keys
 */
export function createTokenVerifier(
  from: TokenIssuer,
  now: () => number,
): (token: string) => Promise<VerifiedToken | undefined> {
  const keySet = createRemoteJWKSet(new URL(from.jwksUrl));
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keySet, {
        issuer: from.issuer,
        audience: from.audience,
        algorithms,
        clockTolerance: clockSkewSec,
        currentDate: new Date(now()),
        requiredClaims: ['exp', 'sub'],
      });
      const role = highestRole(claimOf(payload, from.roleClaim));
      if (!role) return undefined;
      const caller = { name: `jwt:${payload.sub}`.slice(0, 200), role, cameraIds: undefined };
      return { caller, expiresAt: (payload.exp as number) * 1_000 };
    } catch (error) {
      if (error instanceof errors.JOSEError && !isOutage(error)) return undefined;
      throw error;
    }
  };
}

/** The provider was too slow, or answered with something else than keys: that is not the token's fault. */
const isOutage = (error: errors.JOSEError) =>
  error instanceof errors.JWKSTimeout ||
  error instanceof errors.JWKSInvalid ||
  error.code === 'ERR_JOSE_GENERIC';

function claimOf(payload: JWTPayload, name: string): unknown {
  if (name in payload) return payload[name];
  return name
    .split('.')
    .reduce<unknown>(
      (value, part) =>
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[part] : undefined,
      payload,
    );
}

function highestRole(claim: unknown): Role | undefined {
  const names = (Array.isArray(claim) ? claim : [claim]).map((name) => String(name).toUpperCase());
  return roles.findLast((role) => names.includes(role));
}
