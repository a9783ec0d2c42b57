import { type LookupAddress, lookup } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from '../domain/public-address.ts';

/** Endpoints are addresses that clients give, and this server connects to them: so it must not be any address. */

const longest = 1_000;
const timeoutMs = 10_000;

/**
 * Whether messages may be sent to an endpoint, as far as its text says: the addresses of its name are checked whenever a
 * connection is made.
 * @param mayBePrivate also http, and addresses of this machine and of private networks
 */
export function isEndpoint(text: string, mayBePrivate: boolean): boolean {
  if (text.length > longest || !URL.canParse(text)) return false;
  const { protocol, username, password, hostname } = new URL(text);
  if (username || password) return false;
  if (mayBePrivate) return protocol === 'https:' || protocol === 'http:';
  const host = hostname.replace(/^\[|\]$/g, '');
  return protocol === 'https:' && (!isIP(host) || isPublicAddress(host));
}

export interface PushAnswer {
  /** An HTTP status. */
  readonly status: number;
  /** After how many seconds the service wants to be asked again; undefined: it does not say. */
  readonly retryAfterSec: number | undefined;
}

export interface PushServices {
  isEndpoint(text: string): boolean;
  /**
   * Posts a message. Redirects are not followed, and the body of the answer is not read.
   * @throws Error if the service cannot be reached or does not answer within ten seconds
   */
  post(endpoint: URL, headers: http.OutgoingHttpHeaders, body: Buffer): Promise<PushAnswer>;
  close(): Promise<void>;
}

/** The push services of browsers, over HTTPS. */
export function createPushServices({ mayBePrivate }: { readonly mayBePrivate: boolean }): PushServices {
  const settings = { keepAlive: true, maxSockets: 20, ...(!mayBePrivate && { lookup: publicLookup }) };
  const agents = { 'https:': new https.Agent(settings), 'http:': new http.Agent(settings) };
  return {
    isEndpoint: (text) => isEndpoint(text, mayBePrivate),
    async post(endpoint, headers, body) {
      if (!isEndpoint(endpoint.href, mayBePrivate)) throw new Error('This is no endpoint of a push service.');
      const { request } = endpoint.protocol === 'https:' ? https : http;
      const agent = agents[endpoint.protocol as keyof typeof agents];
      const signal = AbortSignal.timeout(timeoutMs);
      return new Promise((resolve, reject) => {
        const sent = request(endpoint, { method: 'POST', agent, signal, headers }, (response) => {
          const { statusCode = 0, headers } = response;
          const after = headers['retry-after'];
          const retryAfterSec = after && /^\d{1,6}$/.test(after) ? Number(after) : undefined;
          // Takes the rest of the answer, which frees the connection. The time limit holds for it, too.
          response.on('error', () => {}).resume();
          resolve({ status: statusCode, retryAfterSec });
        });
        sent.on('error', reject);
        sent.end(body);
      });
    },
    async close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

/** Looks a name up and returns its public addresses only: the connection is made to one of those that were checked. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
    if (error) return callback(error, []);
    const allowed = found.filter(({ address }) => isPublicAddress(address));
    const [first] = allowed;
    if (!first) return callback(new Error(`${hostname} has no public address.`), []);
    if (options.all) callback(null, allowed);
    else callback(null, first.address, first.family);
  });
};
