import type { IncomingMessage } from 'node:http';
import proxyAddr from 'proxy-addr';

const isLoopback = proxyAddr.compile('loopback');

/** Headers in which proxies name themselves or their client. */
const forwardingHeader =
  /^(via|forwarded|x-forwarded(-.*)?|x-(real|client|cluster-client|original)-ip|(cf-connecting|true-client|fastly-client)-ip)$/;

/** Finds out where requests come from, directly or through trusted proxies (TRUSTED_PROXIES). */
export interface Clients {
  /** The client's IP address; empty if it is unknown. Headers of proxies that are not trusted are ignored. */
  addressOf(request: IncomingMessage): string;
  /** Whether the request certainly comes from this machine: without a proxy, or through a trusted one. */
  isLocal(request: IncomingMessage): boolean;
}

/** @param trusted addresses and subnets, or the names that proxy-addr knows (loopback, linklocal, uniquelocal) */
export function knowClients(trusted: readonly string[]): Clients {
  const trust = proxyAddr.compile([...trusted]);
  const addressOf = (request: IncomingMessage): string => {
    try {
      return proxyAddr(request, trust);
    } catch {
      return ''; // the connection is closed, or the header contains no address
    }
  };
  /**
   * Whether it is unclear where a request comes from. Only X-Forwarded-For of a trusted proxy says that; other
   * forwarding headers are not evaluated.
   */
  const isUnclear = ({ headers, socket }: IncomingMessage): boolean =>
    Object.keys(headers).some((name) => forwardingHeader.test(name)) &&
    !(headers['x-forwarded-for'] && trust(socket.remoteAddress ?? '', 0));
  return {
    addressOf,
    isLocal(request) {
      const address = addressOf(request);
      return address !== '' && !isUnclear(request) && isLoopback(address, 0);
    },
  };
}
