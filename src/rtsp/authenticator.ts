import { randomBytes } from 'node:crypto';
import { type Challenge, digestResponse, parseChallenges } from './digest.ts';

/**
 * Proves the user's password to one camera, with the newest challenge of the camera. If a camera offers several
 * schemes, the strongest is tried first. If that is refused, one other is tried: some cameras offer Digest but accept
 * only Basic. There is no third try, because cameras lock accounts after five wrong passwords.
 */
export class Authenticator {
  readonly #user: string | undefined;
  readonly #password: string;
  /**
   * Whether the password may be sent in clear text. It is not sent so to a host that the stream address does not name.
   */
  #mayUseBasic: boolean;
  #challenge: Challenge | undefined;
  /** Schemes that the camera refused; they are not tried again. */
  readonly #refused = new Set<string>();
  /** The scheme that the camera accepted. */
  #accepted: string | undefined;
  #count = 0;

  constructor(user: string | undefined, password: string | undefined) {
    this.#user = user;
    this.#password = password ?? '';
    this.#mayUseBasic = true;
  }

  get hasCredentials(): boolean {
    return this.#user !== undefined;
  }

  /** Call it when a redirect has named another address: requests go there from now on. */
  moveTo(isSameHost: boolean): void {
    this.#mayUseBasic &&= isSameHost;
    this.#challenge = undefined;
    this.#accepted = undefined;
    this.#refused.clear();
  }

  /** The Authorization header of a request; undefined until the camera asks for one. */
  authorize(method: string, uri: string): string | undefined {
    const challenge = this.#challenge;
    if (challenge === undefined || this.#user === undefined) return undefined;
    if (challenge.scheme === 'basic') {
      return `Basic ${Buffer.from(`${this.#user}:${this.#password}`).toString('base64')}`;
    }
    return this.#digest(challenge.parameters, this.#user, method, uri);
  }

  #digest(asked: ReadonlyMap<string, string>, user: string, method: string, uri: string): string {
    const [realm, nonce, opaque] = [asked.get('realm') ?? '', asked.get('nonce') ?? '', asked.get('opaque')];
    const algorithm = asked.get('algorithm');
    const clientNonce = randomBytes(8).toString('hex');
    const count = (++this.#count).toString(16).padStart(8, '0');
    const qop = asksForQop(asked) ? { count, clientNonce } : undefined;
    const input = { user, realm, password: this.#password, nonce, method, uri, qop, clientNonce };
    const response = digestResponse({ ...input, algorithm: algorithm || 'MD5' }) ?? '';
    const fields = [
      `username=${quote(user)}, realm=${quote(realm)}, nonce=${quote(nonce)}, uri=${quote(uri)}, response="${response}"`,
    ];
    if (algorithm) fields.push(`algorithm=${algorithm}`);
    if (opaque !== undefined) fields.push(`opaque=${quote(opaque)}`);
    if (qop) fields.push(`qop=auth, nc=${count}`);
    if (qop || algorithm?.toLowerCase().endsWith('-sess')) fields.push(`cnonce="${clientNonce}"`);
    return `Digest ${fields.join(', ')}`;
  }

  /** The camera accepted the password: a later 401 means that the nonce has expired. */
  accept(): void {
    if (this.#challenge) this.#accepted = wayOf(this.#challenge);
  }

  /**
   * Takes the challenge of a 401.
   * @param hadAuthorization whether the request that got this 401 carried an Authorization header
   * @param wasRefusedBefore whether this request was already refused once with an Authorization header
   * @returns whether the request is to be sent again
   */
  challenge(header: string, hadAuthorization: boolean, wasRefusedBefore: boolean): boolean {
    if (this.#user === undefined) return false;
    const before = this.#challenge && wayOf(this.#challenge);
    const offered = parseChallenges(header).filter((challenge) => this.#isPossible(challenge));
    const again = offered.find((challenge) => wayOf(challenge) === before);
    // The nonce may have expired if the scheme was accepted before, or if the camera says that the nonce is stale.
    const isStale = again?.parameters.get('stale')?.toLowerCase() === 'true';
    const mayBeStale = isStale || before === this.#accepted;
    if (hadAuthorization && before !== undefined && (!mayBeStale || wasRefusedBefore))
      this.#refused.add(before);
    if (this.#refused.size >= 2) return false;
    const [best] = offered
      .filter((challenge) => !this.#refused.has(wayOf(challenge)))
      .sort((a, b) => this.#rank(b) - this.#rank(a));
    this.#challenge = best;
    return best !== undefined;
  }

  /**
   * The order of schemes: the strongest first, and Basic before the weaker Digest, because a camera that fails at one
   * Digest fails at the other.
   */
  #rank(challenge: Challenge): number {
    const way = wayOf(challenge);
    if (way === 'basic') return this.#refused.size > 0 ? 3 : 0;
    return way.startsWith('digest sha-256') ? 2 : 1;
  }

  #isPossible(challenge: Challenge): boolean {
    if (challenge.scheme === 'basic') return this.#mayUseBasic;
    const { parameters } = challenge;
    if (challenge.scheme !== 'digest' || !parameters.has('nonce')) return false;
    const qops = parameters.get('qop');
    return (
      /^(md5|sha-256)(-sess)?$/i.test(parameters.get('algorithm') || 'MD5') &&
      (!qops || asksForQop(parameters))
    );
  }
}

function asksForQop(asked: ReadonlyMap<string, string>): boolean {
  return (asked.get('qop') ?? '').split(/[\s,]+/).some((qop) => qop.toLowerCase() === 'auth');
}

function wayOf({ scheme, parameters }: Challenge): string {
  return scheme === 'basic' ? scheme : `digest ${(parameters.get('algorithm') || 'MD5').toLowerCase()}`;
}

function quote(text: string): string {
  // Removes control characters, because one of them could end the header.
  return `"${text.replace(/\p{Cc}/gu, '').replace(/["\\]/g, '\\$&')}"`;
}
